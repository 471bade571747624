/** Two small sets of sticky keys, known by 32-bit hashes: how many different ones there were, and which have been counted. Bounded memory. */

const sketchBits = 12
const sketchSize = 1 << sketchBits

/**
 * Counts different keys in 4 kB: HyperLogLog (Flajolet et al., 2007) with linear counting below 2.5 × 4,096; standard error 1.6 %, and
 * practically exact below a few hundred. The sum over the registers is kept with them, so that an estimate costs nothing.
 */
export class UnitSketch {
  readonly registers: Uint8Array
  private sum = 0
  private empty = 0

  constructor(registers: Uint8Array = new Uint8Array(sketchSize)) {
    this.registers = registers.length === sketchSize ? registers : new Uint8Array(sketchSize)
    for (const rank of this.registers) {
      this.sum += 2 ** -rank
      if (rank === 0) this.empty += 1
    }
  }

  /** Counts the key with this hash, if it was not counted. True when something changed. */
  add(hash: number): boolean {
    const slot = hash >>> (32 - sketchBits)
    const rank = Math.min(Math.clz32(hash << sketchBits), 32 - sketchBits) + 1
    const before = this.registers[slot] ?? 0
    if (rank <= before) return false
    this.registers[slot] = rank
    this.sum += 2 ** -rank - 2 ** -before
    if (before === 0) this.empty -= 1
    return true
  }

  /** About how many different keys were added. */
  estimate(): number {
    const { sum, empty } = this
    const raw = ((0.7213 / (1 + 1.079 / sketchSize)) * sketchSize * sketchSize) / sum
    return Math.round(raw <= 2.5 * sketchSize && empty > 0 ? sketchSize * Math.log(sketchSize / empty) : raw)
  }
}

const markBits = 17

/**
 * Which units have been counted bad: 131,072 bits. Two units that share a bit count as one, alike in every arm, so a full set costs
 * sensitivity (0.8 % of events after 1,000 bad units) and never the bound on false alarms.
 */
export class UnitMarks {
  readonly bits: Uint8Array
  constructor(bits: Uint8Array = new Uint8Array(1 << (markBits - 3))) {
    this.bits = bits.length === 1 << (markBits - 3) ? bits : new Uint8Array(1 << (markBits - 3))
  }

  /** Marks the unit; false when it was marked before. */
  mark(hash: number): boolean {
    const bit = hash & ((1 << markBits) - 1)
    const mask = 1 << (bit & 7)
    const byte = this.bits[bit >>> 3] ?? 0
    if ((byte & mask) !== 0) return false
    this.bits[bit >>> 3] = byte | mask
    return true
  }
}
