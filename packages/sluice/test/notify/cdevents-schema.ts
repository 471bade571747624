/**
 * What CDEvents 0.5.1 asks of the events that are sent, as JSON schemas: names, types and what must be there, as in the schemas and the vocabulary that the project publishes
 * (<https://github.com/cdevents/spec>, Apache-2.0), written anew and closed as those are (`additionalProperties: false`).
 *
 * Compared by hand, field by field, with these files of that repository, drafts of 0.5.0: at 77280b93 `schemas/servicedeployed.json`, `servicerolledback.json`, `pipelinerunfinished.json` and
 * `custom/conformance.json`; at 72cee834, where `specversion` was still `version`, `schemas/pipelinerunstarted.json`, `incidentdetected.json`, `incidentresolved.json` and `custom/schema.json`. Not seen: those of the
 * release itself, and `serviceupgraded.json`. Two drafts are in error there: they require `version` and `url`, which they do not let in. Here a package URL is asked for and `links` are any list.
 */
const text = { type: 'string', minLength: 1 } as const
const reference = { type: 'string', minLength: 1, format: 'uri-reference' } as const

const closed = (properties: object, required: readonly string[]): object => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

const named = closed({ id: text, source: reference }, ['id'])

const eventOf = (type: object, content: object): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...closed(
    {
      context: closed(
        {
          specversion: { const: '0.5.1' },
          id: text,
          source: reference,
          type,
          timestamp: { type: 'string', format: 'date-time' },
          schemaUri: { type: 'string', format: 'uri' },
          chainId: text,
          links: { type: 'array' },
        },
        ['specversion', 'id', 'source', 'type', 'timestamp'],
      ),
      subject: closed({ id: text, source: reference, content }, ['id', 'content']),
      customData: { oneOf: [{ type: 'object' }, { type: 'string', contentEncoding: 'base64' }] },
      customDataContentType: { type: 'string' },
    },
    ['context', 'subject'],
  ),
})

const standard = (type: string, content: object): readonly [string, object] => [type, eventOf({ const: type }, content)]

const service = closed({ environment: named, artifactId: { ...text, pattern: '^pkg:[a-z]+/[^@]+@.+$' } }, [
  'environment',
  'artifactId',
])

const incident = closed({ description: { type: 'string' }, environment: named, service: named, artifactId: text }, [
  'environment',
])

/** By type, for those that CDEvents names. */
export const cdeventsSchemas: ReadonlyMap<string, object> = new Map([
  standard(
    'dev.cdevents.pipelinerun.started.0.3.0',
    closed({ pipelineName: text, uri: { type: 'string', format: 'uri' } }, ['pipelineName', 'uri']),
  ),
  standard(
    'dev.cdevents.pipelinerun.finished.0.3.0',
    closed(
      {
        pipelineName: { type: 'string' },
        uri: { type: 'string', format: 'uri' },
        outcome: { enum: ['success', 'failure', 'cancel', 'error'] },
        errors: { type: 'string' },
      },
      [],
    ),
  ),
  standard('dev.cdevents.service.deployed.0.3.0', service),
  standard('dev.cdevents.service.upgraded.0.3.0', service),
  standard('dev.cdevents.service.rolledback.0.3.0', service),
  standard('dev.cdevents.incident.detected.0.3.0', incident),
  standard('dev.cdevents.incident.resolved.0.3.0', incident),
])

/** For all others: `dev.cdeventsx.<tool>-<subject>.<predicate>.<version>`. */
export const customSchema: object = eventOf(
  { type: 'string', pattern: String.raw`^dev\.cdeventsx\.[a-zA-Z0-9]+-[a-zA-Z]+\.[a-zA-Z]+\.[0-9]\.[0-9]\.[0-9]$` },
  { type: 'object' },
)
