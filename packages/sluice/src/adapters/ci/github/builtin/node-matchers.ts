/** Problem matchers that come with `actions/setup-node`: what the compiler of TypeScript and ESLint print becomes annotations. */
import type { JsonValue } from '../../../../core/pipeline/job-plan.ts'

/** Matcher files, as `::add-matcher::` would read them. */
export const nodeMatchers: readonly JsonValue[] = [
  {
    problemMatcher: [
      {
        // src/a.ts(3,7): error TS2322: Type …
        owner: 'tsc',
        pattern: [
          {
            regexp: String.raw`^(\S.*)\((\d+)(?:,(\d+))?[\d,]*\)\s*:\s+(error|warning|info)\s+([A-Z]{1,2}\d+)\s*:\s*(.*)$`,
            file: 1,
            line: 2,
            column: 3,
            severity: 4,
            code: 5,
            message: 6,
          },
        ],
      },
    ],
  },
  {
    problemMatcher: [
      {
        // The file in a line of its own, then `  3:7  error  … is never used  no-unused-vars` for each problem.
        owner: 'eslint-stylish',
        pattern: [
          { regexp: String.raw`^\s*(\S.*)$`, file: 1 },
          {
            regexp: String.raw`^\s+(\d+):(\d+)\s+(error|warning|info)\s+(.*)\s\s+(\S+)$`,
            line: 1,
            column: 2,
            severity: 3,
            message: 4,
            code: 5,
            loop: true,
          },
        ],
      },
    ],
  },
]
