/**
 * Seeded randomness for the simulators: sfc32 (Doty-Humphrey, "Practically Random", 2010), which passes PractRand and needs no 64-bit
 * arithmetic. The same seed gives the same numbers on every machine.
 */
export class Prng {
  private a = 0
  private b = 0
  private c = 0
  private counter = 1

  constructor(seed: number) {
    this.reseed(seed)
  }

  /** Starts over from a seed; only its lower 32 bits count. */
  reseed(seed: number): void {
    this.a = seed | 0
    this.b = (seed ^ 0x9e3779b9) | 0
    this.c = 0x243f6a88 | 0
    this.counter = 1
    for (let round = 0; round < 12; round += 1) this.next()
  }

  /** 32 random bits, as a signed integer (which V8 keeps unboxed). */
  next(): number {
    const sum = (this.a + this.b + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0
    return sum
  }

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    return (this.next() >>> 1) % bound
  }

  /** True in `chances` of 256 cases. */
  byte(chances: number): boolean {
    return (this.next() & 255) < chances
  }
}
