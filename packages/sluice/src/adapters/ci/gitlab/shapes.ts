/**
 * What kind of value a key takes, where nothing else looks at it: a value of another kind would mean nothing and be passed over.
 * Source: GitLab's `app/assets/javascripts/editor/schema/ci.json`, 2026-08.
 */
import type { KeyScope } from './keys.ts'
import type { Tree } from './tree.ts'

type Shape = 'text' | 'list' | 'map' | 'flag'

type Shapes = Readonly<Record<string, readonly Shape[]>>

const ofAllJobs: Shapes = {
  after_script: ['text', 'list'],
  artifacts: ['map'],
  before_script: ['text', 'list'],
  cache: ['map', 'list'],
  hooks: ['map'],
  id_tokens: ['map'],
  image: ['text', 'map'],
  interruptible: ['flag'],
  services: ['list'],
  tags: ['list'],
}

const shapes: Readonly<Partial<Record<KeyScope, Shapes>>> = {
  root: {
    default: ['map'],
    image: ['text', 'map'],
    services: ['list'],
    cache: ['map', 'list'],
    before_script: ['text', 'list'],
    after_script: ['text', 'list'],
    workflow: ['map'],
  },
  default: ofAllJobs,
  job: {
    ...ofAllJobs,
    coverage: ['text'],
    dependencies: ['list'],
    except: ['list', 'map'],
    extends: ['text', 'list'],
    inherit: ['map'],
    needs: ['list', 'map'],
    only: ['list', 'map'],
    release: ['map'],
    resource_group: ['text'],
    rules: ['list'],
    secrets: ['map'],
    stage: ['text'],
    trigger: ['text', 'map'],
  },
  workflow: { auto_cancel: ['map'], name: ['text'], rules: ['list'] },
  'workflow rule': { changes: ['list', 'map'], exists: ['list', 'map'], variables: ['map'] },
  rule: {
    changes: ['list', 'map'],
    exists: ['list', 'map'],
    variables: ['map'],
    needs: ['list'],
    interruptible: ['flag'],
  },
  'include rule': { changes: ['list', 'map'], exists: ['list', 'map'] },
  changes: { paths: ['list'], compare_to: ['text'] },
  exists: { paths: ['list'] },
  include: { local: ['text'], rules: ['list'], inputs: ['map'] },
  input: { options: ['list'], regex: ['text'], description: ['text'] },
  spec: { inputs: ['map'] },
  variable: { value: ['text', 'flag'], description: ['text'], options: ['list'], expand: ['flag'] },
  'job variable': { value: ['text', 'flag'], expand: ['flag'] },
  inherit: { default: ['flag', 'list'], variables: ['flag', 'list'] },
  service: { name: ['text'], alias: ['text'], variables: ['map'] },
  artifacts: {
    exclude: ['list'],
    untracked: ['flag'],
    expire_in: ['text'],
    name: ['text'],
    when: ['text'],
    reports: ['map'],
  },
  reports: {
    coverage_report: ['map'],
    ...Object.fromEntries(
      ['junit', 'dotenv', 'codequality', 'sast', 'cyclonedx', 'secret_detection', 'dependency_scanning'].map(
        (name) => [name, ['text', 'list']] as const,
      ),
    ),
  },
  coverage_report: { coverage_format: ['text'], path: ['text'] },
  cache: { key: ['text', 'map'], policy: ['text'], when: ['text'], fallback_keys: ['list'], untracked: ['flag'] },
  'cache key': { files: ['list'], prefix: ['text'] },
  need: { job: ['text'], artifacts: ['flag'], optional: ['flag'], parallel: ['map'] },
  environment: { url: ['text'], on_stop: ['text'], auto_stop_in: ['text'], deployment_tier: ['text'] },
  only: { refs: ['list'], variables: ['list'], changes: ['list'] },
  trigger: { strategy: ['text'], forward: ['map'], inputs: ['map'] },
  forward: { yaml_variables: ['flag'], pipeline_variables: ['flag'] },
}

const words: Readonly<Record<Shape, string>> = {
  text: 'a text',
  list: 'a list',
  map: 'keys with values',
  flag: 'true or false',
}

/** What a key takes, in words, when a value is something else; null when it fits, is empty, or something else looks at it. */
export const misfitOf = (scope: KeyScope, name: string, value: Tree): string | null => {
  const wanted = shapes[scope]?.[name]
  if (wanted === undefined || value.kind === 'reference' || (value.kind === 'scalar' && value.value === null))
    return null
  const is = value.kind !== 'scalar' ? value.kind : typeof value.value === 'boolean' ? 'flag' : 'text'
  return wanted.includes(is) ? null : wanted.map((shape) => words[shape]).join(' or ')
}
