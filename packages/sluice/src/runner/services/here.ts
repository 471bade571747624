/** Whether a service can be had on this machine, said before anything starts. */
import { existsSync } from 'node:fs'
import { findProgram } from '../../lib/processes/find-program.ts'
import { kindOf, packagesOf, recipeOf } from './recipes.ts'

/** What is missing for a service of an image; null for nothing. An engine that is there and does not answer is found when it is asked. */
export const missingFor = (image: string, variables: NodeJS.ProcessEnv): string | null => {
  const path = variables['PATH'] ?? ''
  const kind = kindOf(image)
  const service = {
    name: image,
    image,
    command: null,
    env: {},
    exports: {},
    ports: [],
    healthCommand: null,
    startTimeoutMs: 0,
  }
  if (kind !== null && recipeOf(kind, service, { port: 0, folder: '/', path }) !== null) return null
  const hasSocket = variables['DOCKER_HOST'] !== undefined || existsSync('/var/run/docker.sock')
  if (findProgram('docker', path) !== null && hasSocket) return null
  return kind === null
    ? `${image} runs in a container only, and no Docker engine is here`
    : `${image} needs a ${kind} server of this machine (apt-get install ${packagesOf[kind]}) or a Docker engine, and neither is here`
}
