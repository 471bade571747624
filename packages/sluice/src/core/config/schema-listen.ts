/** Where something listens, as a person writes it. */
import { z } from 'zod'
import type { ListenAddress } from '../routing.ts'
import { count } from './fields.ts'

const port = () => count(1, 65_535)

/** A port, or host and port. */
export const listenAddress: z.ZodType<ListenAddress, number | string> = z.union(
  [
    port().transform((value) => ({ host: '127.0.0.1', port: value })),
    z
      .string()
      .regex(
        /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/,
        "expected a port, or host and port such as '0.0.0.0:8080'",
      )
      .transform((value) => ({
        host: value.slice(0, value.lastIndexOf(':')),
        port: Number(value.slice(value.lastIndexOf(':') + 1)),
      }))
      .refine((value) => value.port >= 1 && value.port <= 65_535, 'expected a port from 1 to 65535'),
  ],
  "expected a port from 1 to 65535, or host and port such as '0.0.0.0:8080'",
)
