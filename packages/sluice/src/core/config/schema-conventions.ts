/** Options of the git conventions: commits, branches, releases. */
import { z } from 'zod'
import { type BumpPolicy, defaultBumps } from '../conventions/commit.ts'
import type { ChannelRule } from '../conventions/next-version.ts'
import { bumps } from '../conventions/semver.ts'
import { count, key, text } from './fields.ts'
import { isSemver } from './version.ts'

/** Rules for messages of commits. */
export type CommitOptions = {
  readonly types: readonly string[] | null
  readonly scopes: readonly string[] | null
  readonly headerLengthMax: number
  readonly fixups: 'refuse' | 'allow'
  readonly folder: string | null
}

/** Rules for names of branches. */
export type BranchOptions = {
  readonly patterns: readonly string[]
  readonly lengthMax: number
  readonly branch: string | null
}

/** How releases are numbered, told and tagged. */
export type ReleaseOptions = {
  readonly channels: readonly ChannelRule[]
  readonly tagPrefix: string
  readonly folder: string | null
  readonly initialVersion: string
  readonly bumps: BumpPolicy
  readonly forcedBump: 'patch' | 'minor' | 'major' | null
  readonly signing: 'none' | 'required'
  readonly tagger: { readonly name: string; readonly email: string } | null
  readonly pushTo: string | null
  readonly tag: 'create' | 'plan'
}

const words = (what: string): z.ZodType<string[], string[]> => z.array(text(what), `expected a list, each ${what}`)
const bump = z.enum(bumps, 'expected none, patch, minor or major')

const folder = (): z.ZodType<string | null, string | null | undefined> =>
  key(text('a folder').nullable().default(null), {
    description: 'Only commits that touch this folder count, for a package of a repository of several; null for all.',
    examples: ['packages/api'],
  })

/** Options of `sluice/commit-lint`. */
export const commitSchema: z.ZodType<CommitOptions> = z.strictObject({
  types: key(words('a type').nullable().default(null), {
    description: 'Types that commits may have; null for those of @commitlint/config-conventional.',
    examples: [['feat', 'fix', 'docs', 'chore']],
  }),
  scopes: key(words('a scope').nullable().default(null), {
    description: 'Scopes that commits may have; null for any.',
    examples: [['api', 'web']],
  }),
  headerLengthMax: key(count(20, 500).default(100), {
    description: 'Length of the first line of a message.',
    unit: 'characters',
    examples: [72],
  }),
  fixups: key(z.enum(['refuse', 'allow'], "expected 'refuse' or 'allow'").default('refuse'), {
    description: 'Whether commits that are still to be squashed pass (fixup!, squash!, amend!).',
    examples: ['allow'],
  }),
  folder: folder(),
})

/** Options of `sluice/branch-name`. */
export const branchSchema: z.ZodType<BranchOptions> = z.strictObject({
  patterns: key(
    words('a glob').default([
      'main',
      'master',
      'develop',
      'next',
      'beta',
      'alpha',
      'feature/**',
      'feat/**',
      'fix/**',
      'hotfix/**',
      'release/**',
      'chore/**',
      'docs/**',
      'refactor/**',
      'test/**',
      'dependabot/**',
      'renovate/**',
    ]),
    {
      description: 'Globs, one of which the name of a branch must fit; * stands for anything but a slash.',
      examples: [['main', 'feature/*']],
    },
  ),
  lengthMax: key(count(10, 250).default(100), { description: 'Length of a name.', unit: 'characters', examples: [60] }),
  branch: key(text('a name').nullable().default(null), {
    description: 'Name to judge; null for the branch of the run.',
    examples: ['feature/cart'],
  }),
})

const channel: z.ZodType<ChannelRule> = z.strictObject(
  {
    branch: key(text('a glob'), { description: 'Branches that release into the channel.', examples: ['next'] }),
    channel: key(
      z
        .string('expected a name or null')
        .regex(/^(?!\d+$)[0-9a-z-]+$/, 'expected a name of lower-case letters, digits and -, not only digits')
        .nullable(),
      {
        description: 'Name of the pre-release (`beta` gives 1.3.0-beta.2); null for releases.',
        examples: ['beta', null],
      },
    ),
  },
  { error: "expected a channel: { branch: 'beta', channel: 'beta' }" },
)

/** Options of `sluice/release`. */
export const releaseSchema: z.ZodType<ReleaseOptions> = z
  .strictObject({
    channels: key(
      z.array(channel, 'expected a list of channels').default([
        { branch: 'main', channel: null },
        { branch: 'master', channel: null },
        { branch: 'next', channel: 'next' },
        { branch: 'beta', channel: 'beta' },
        { branch: 'alpha', channel: 'alpha' },
      ]),
      {
        description: 'Which branches release, and into which channel; the first that fits counts.',
        examples: [[{ branch: 'main', channel: null }]],
      },
    ),
    tagPrefix: key(
      z
        .string('expected a text')
        .regex(/^[\w@./-]*$/, 'expected letters, digits and @ . / _ -')
        .default('v'),
      {
        description: 'What stands before the version in a tag.',
        examples: ['api-v'],
      },
    ),
    folder: folder(),
    initialVersion: key(
      z.string('expected a version').refine(isSemver, 'expected a version such as 0.1.0').default('0.1.0'),
      {
        description: 'Version of a repository without a release.',
        examples: ['1.0.0'],
      },
    ),
    types: key(
      z
        .record(z.string(), bump, { error: "expected what types do: { feat: 'minor' }" })
        .default({ ...defaultBumps.types }),
      {
        description: 'What each type of commit does to the version; types that are not named do nothing.',
        examples: [{ feat: 'minor', fix: 'patch' }],
      },
    ),
    breakingBeforeOne: key(z.enum(['patch', 'minor', 'major'], 'expected patch, minor or major').default('minor'), {
      description: 'What a breaking change does to a version below 1.0.0.',
      examples: ['major'],
    }),
    forcedBump: key(z.enum(['patch', 'minor', 'major'], 'expected patch, minor or major').nullable().default(null), {
      description: 'Overrides what the commits say, for instance to leave 0.x; null otherwise.',
      examples: ['major'],
    }),
    signing: key(z.enum(['none', 'required'], "expected 'none' or 'required'").default('none'), {
      description: 'Whether tags are signed with the key that git is set up with.',
      examples: ['required'],
    }),
    tagger: key(
      z
        .strictObject({
          name: key(text('a name'), { description: 'Name.', examples: ['Sluice'] }),
          email: key(text('an address'), { description: 'Address.', examples: ['sluice@example.com'] }),
        })
        .nullable()
        .default(null),
      {
        description: 'Who tags; null for what git is set up with.',
        examples: [{ name: 'Sluice', email: 'sluice@example.com' }],
      },
    ),
    pushTo: key(text('a remote').nullable().default(null), {
      description: 'Remote that gets the tag; null for none.',
      examples: ['origin'],
    }),
    tag: key(z.enum(['create', 'plan'], "expected 'create' or 'plan'").default('create'), {
      description: 'Whether the tag is made, or the version and the changelog only told.',
      examples: ['plan'],
    }),
  })
  .transform(({ types, breakingBeforeOne, ...rest }) => ({ ...rest, bumps: { types, breakingBeforeOne } }))
