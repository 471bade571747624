/** What GitLab would know about a pipeline before it reads the file: the commit, the ref, what started it, who. Given by whoever runs the pipeline. */

/** A variable that no file says: from the project's settings, or typed for this run (which wins over everything). */
export type GivenVariable = {
  readonly name: string
  readonly value: string
  /** `pipeline`: typed, from a schedule, or from a trigger. `project`: project, group or instance settings. */
  readonly from: 'pipeline' | 'project'
  /** The variable becomes the path of a file with the value. */
  readonly isFile: boolean
  /** The value is not put into the plan: it comes from the secret source under this name when the job runs, and is masked. */
  readonly isMasked: boolean
  /** `$` in the value means itself. */
  readonly isRaw: boolean
}

/** A merge request for which the pipeline runs. */
export type MergeRequest = {
  readonly number: number
  readonly title: string
  readonly description: string
  readonly sourceBranch: string
  readonly targetBranch: string
  /** Where the source branch left the target branch; null where nobody can say. */
  readonly baseId: string | null
  readonly labels: readonly string[]
  readonly isDraft: boolean
}

/** The facts. Times are ISO 8601. */
export type GitlabContext = {
  readonly commit: {
    readonly id: string
    /** The commit that the ref had before; null for the first of a ref, and for anything but a push. */
    readonly beforeId: string | null
    readonly message: string
    /** `Name <mail>`. */
    readonly author: string
    readonly committedAt: string
  }
  readonly ref: {
    readonly kind: 'branch' | 'tag'
    readonly name: string
    readonly isProtected: boolean
    readonly tagMessage: string | null
  }
  readonly defaultBranch: string
  /** What `CI_PIPELINE_SOURCE` says: `push`, `merge_request_event`, `schedule`, `web`, `api`, `trigger`, `parent_pipeline` … */
  readonly source: string
  readonly mergeRequest: MergeRequest | null
  readonly project: {
    /** With its groups: `group/shop`. */
    readonly path: string
    readonly id: number
    /** Of the server, without a slash at the end: `https://gitlab.example.com`. */
    readonly serverUrl: string
  }
  readonly pipeline: { readonly id: number; readonly number: number; readonly createdAt: string }
  readonly user: { readonly name: string; readonly login: string; readonly email: string }
  /** Every file of the commit, relative to its root. */
  readonly paths: readonly string[]
  /** Files that differ from the state before; null where nobody can say, and then `changes` counts as met. */
  readonly changes: readonly string[] | null
  /** Files that differ from where a branch, tag or commit was left; null when there is no such ref. */
  readonly changesTo: (ref: string) => readonly string[] | null
  /** What this machine lacks for a service of an image; null for nothing. Nobody asks when absent. */
  readonly missingFor?: (image: string) => string | null
  /** What is on this machine; GitLab takes bash where there is one. */
  readonly shell: 'bash' | 'sh'
}
