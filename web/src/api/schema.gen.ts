// Made from docs/openapi.json by tools/gen-api.mjs. Do not edit.

/** What went wrong (RFC 9457). */ 
export type Problem = {
  type: string
  title: string
  status?: number
  code: "invalid" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "conflict" | "precondition_failed" | "too_large" | "unsupported_media_type" | "rate_limited" | "internal" | "unavailable" | "timeout"
  detail?: string
  /** The member or parameter at fault, as a path: tags[2].key */ field?: string
  request_id?: string
}

export type Health = {
  /** pass */ status: string
  /** netbit */ name: string
  /** What that means, for people. */ message: string
  /** Of the program. */ version: string
  /** Seconds since the start. */ uptime_s: number
}

export type AuthTokens = {
  /** For the Authorization header. */ access_token: string | null
  /** For one call of /api/v1/auth/refresh. */ refresh_token: string | null
  /** Bearer; or Cookie, for a request with X-Requested-By: then there are no tokens. */ token_type: string
  /** Seconds until access_token ends, or until a cookie that is not used does. */ expires_in: number
}

export type Me = {
  /** Number of the person. */ id: number
  /** Name to sign in with. */ login: string
  /** Name that others see. */ display_name: string
  /** Address, if given. */ email: string | null
  /** What the person may do on this node. */ role: "user" | "admin" | "auditor"
  /** Whether sign-in asks for a one-time code. */ totp: boolean
  /** Scopes of the session or token that asks. */ rights: string
  /** When the account was made. */ created_at: string
  /** Last sign-in. */ last_login_at: string | null
  /** Language of the page; null: as the browser has it. */ lang: null | "en" | "ru"
  /** Theme of the page; null: as the browser has it. */ theme: null | "auto" | "light" | "dark"
}

export type TotpSecret = {
  /** For typing into an authenticator, base32. */ secret: string
  /** The same as an otpauth URI, for a QR code. */ uri: string
}

export type SessionPage = {
  /** Sessions, newest use first. */ items: Session[]
}

export type Session = {
  /** Number of the session. */ id: number
  /** When the person signed in. */ created_at: string
  /** When it was last refreshed. */ used_at: string
  /** When it ends unless it is refreshed. */ expires_at: string
  /** Address at sign-in. */ ip: string | null
  /** Program at sign-in. */ user_agent: string | null
  /** Whether it is the session that asks. */ current: boolean
}

export type TokenPage = {
  /** Tokens, oldest first. */ items: Token[]
}

export type Token = {
  /** Number of the token. */ id: number
  /** What the person called it. */ name: string
  /** What it allows, with blanks between. */ scopes: string
  /** The only project that it opens; null: a personal token. */ project_id: number | null
  /** When it was made. */ created_at: string
  /** When it ends; null: never. */ expires_at: string | null
  /** Last use, to a few minutes. */ last_used_at: string | null
}

export type TokenMade = {
  /** Number of the token. */ id: number
  /** What the token is for. */ name: string
  /** What it may do. */ scopes: string
  /** The only project that it opens. */ project_id: number | null
  /** When it was made. */ created_at: string
  /** When it ends. */ expires_at: string | null
  /** The token itself, shown this once. */ token: string
}

export type UserPage = {
  /** People, by number. */ items: User[]
  /** For the next page; null: this is the last. */ next_cursor: number | null
}

export type User = {
  /** Number of the person. */ id: number
  /** Name to sign in with; unique whatever the case of its letters. */ login: string
  /** Name that others see. */ display_name: string
  /** Address, if given. */ email: string | null
  /** What the person may do on this node. */ role: "user" | "admin" | "auditor"
  /** Whether the person is kept out. */ blocked: boolean
  /** Whether sign-in asks for a one-time code. */ totp: boolean
  /** When the account was made. */ created_at: string
  /** Last sign-in. */ last_login_at: string | null
  /** Language of the page, if chosen. */ lang: null | "en" | "ru"
  /** Theme of the page, if chosen. */ theme: null | "auto" | "light" | "dark"
}

export type ResetLink = {
  /** For POST /api/v1/auth/reset; good for one use. */ token: string
  /** Link to hand to the person. */ url: string
  /** When it ends. */ expires_at: string
}

export type InvitePage = {
  /** Invites, oldest first. */ items: Invite[]
  /** For the next page; null: this is the last. */ next_cursor: number | null
}

export type Invite = {
  /** Number of the invite. */ id: number
  /** Whom it is for. */ note: string | null
  /** Role of who registers with it. */ role: "user" | "admin" | "auditor"
  /** When it was made. */ created_at: string
  /** When it ends. */ expires_at: string
  /** When it was used; null: not yet. */ used_at: string | null
  /** Login of who used it. */ used_by: string | null
}

export type InviteMade = {
  /** Number of the invite. */ id: number
  /** The invite itself, shown this once. */ code: string
  /** Whom it is for. */ note: string | null
  /** Role of who registers with it. */ role: "user" | "admin" | "auditor"
  /** When it ends. */ expires_at: string
}

export type KeyMade = {
  /** Name of the new key. */ kid: string
}

export type ProjectPage = {
  /** Projects that one may see, by number. */ items: Project[]
  /** For the next page; null: this is the last. */ next_cursor: number | null
}

export type Project = {
  /** Number of the project. */ id: number
  /** Unique name, fit for a path. */ name: string
  /** Name that people see. */ display_name: string
  /** What it is about. */ description: string | null
  /** Who sees it besides its members. */ visibility: "private" | "node" | "public"
  /** Role of who asks; null: not a member. */ my_role: null | "viewer" | "editor" | "owner"
  /** Person who made it. */ created_by: number | null
  /** When it was made. */ created_at: string
  /** Last change. */ updated_at: string
}

export type MemberPage = {
  /** Members, longest first. */ items: Member[]
}

export type Member = {
  /** Number of the person. */ user_id: number
  /** The person's login. */ login: string
  /** The person's name. */ display_name: string
  /** Role in the project. */ role: null | "viewer" | "editor" | "owner"
  /** Since when. */ added_at: string
}

export type AuditPage = {
  /** Entries, newest first. */ items: AuditEntry[]
  /** For the next page; null: this is the last. */ next_cursor: number | null
}

export type AuditEntry = {
  /** Number of the entry; they have no gaps. */ id: number
  /** When. */ at: string
  /** Who; null: nobody signed in, or the program itself. */ user_id: number | null
  /** Login of who. */ login: string | null
  /** In what role: admin, auditor, user, token, system, nobody. */ role: string
  /** From which address. */ ip: string | null
  /** With which program. */ user_agent: string | null
  /** The request, as in the log. */ request_id: string | null
  /** What was done. */ action: string
  /** To what kind of thing, such as unit or alert_rule. */ target_kind: string | null
  /** Which of them: the number, uuid or name by which the API knows it. */ target_id: string | null
  /** Its name then. */ target: string | null
  /** By which call. */ method_path: string | null
  /** ok, or the code of the refusal. */ outcome: string
  /** Why it was refused. */ reason: string | null
  /** State before. */ before: unknown
  /** State after. */ after: unknown
  /** SHA-256 over the previous entry's hash and this entry. */ hash: string
}

export type AuditState = {
  /** Whether every entry follows from the one before it. */ intact: boolean
  /** Entries checked. */ entries: number
  /** Oldest entry. */ first_id: number | null
  /** Newest entry. */ last_id: number | null
  /** First entry that is wrong or missing. */ broken_at: number | null
  /** Hash of the newest entry: kept elsewhere, it proves the past. */ head_hash: string
  /** What is wrong. */ reason: string | null
}

export type PackagePage = {
  /** The packages. */ packages: Package[]
  /** How many there are in all. */ total: number
  /** As asked for. */ limit: number
  /** As asked for. */ offset: number
}

export type Package = {
  /** Assigned by the server. */ id: number
  /** Unique name, used in addresses and commands. */ name: string
  /** Name for people. */ display_name: string
  /** What it does. */ description: string | null
  /** Whose package it is. */ author_id: number
  /** Login of the author. */ author: string
  /** Project whose editors may publish versions. */ project_id: number | null
  /** Address of its source. */ repository: string | null
  /** Field of use. */ category: string | null
  /** Key words. */ tags: string[]
  /** Whether everybody sees it; else its author, its project and those that it was granted to. */ is_public: boolean
  /** Installations, counted once per person and version. */ downloads: number
  /** Why it should not be used any more. */ deprecated: string | null
  /** Package to use instead. */ replacement: string | null
  /** When it was registered. */ created_at: string
  /** When it or its versions last changed. */ updated_at: string
}

export type PackageHits = {
  /** The packages, best first. */ packages: Package[]
  /** As asked for. */ limit: number
}

export type CategoryList = {
  /** Categories, the most used first. */ categories: PackageCategory[]
}

export type PackageCategory = {
  /** Field of use. */ category: string
  /** Public packages in it. */ packages: number
  /** Their downloads. */ downloads: number
  /** Units that run them. */ active_units: number
}

export type PackageSheet = {
  /** The package. */ package: Package
  /** Its versions, newest first. */ versions: PackageVersion[]
  /** Its figures. */ stats: PackageFigures
}

export type PackageVersion = {
  /** Assigned by the server. */ id: number
  /** The package. */ package_id: number
  /** Semantic version. */ version: string
  /** What changed. */ changelog: string | null
  /** Where the archive is: an address, or a path on this server. */ download_url: string | null
  /** SHA-256 of the archive, hexadecimal. */ checksum: string | null
  /** Size of the archive. */ size_bytes: number | null
  /** Whether it may be chosen when nobody names a version. */ is_stable: boolean
  /** When its archive was uploaded. */ archived_at: string | null
  /** When it was withdrawn: it is installed only by its exact version. */ yanked_at: string | null
  /** Why it was withdrawn. */ yank_reason: string | null
  /** The author's Ed25519 signature over name, version and checksum, base64. */ signature: string | null
  /** The public key that verifies it, base64. */ signer_key: string | null
  /** When it was published. */ created_at: string
}

export type PackageFigures = {
  /** Installations ever, once per person and version. */ downloads: number
  /** People who have it installed. */ installations: number
  /** Units that run it. */ active_units: number
}

export type PackageStats = {
  /** Installations ever, once per person and version. */ downloads: number
  /** People who have it installed. */ installations: number
  /** Units that run it. */ active_units: number
  /** Downloads of each day that had any. */ by_day: PackageDay[]
  /** Use of each version, newest first. */ by_version: PackageUse[]
}

export type PackageDay = {
  /** The day, UTC. */ date: string
  /** Downloads of that day. */ downloads: number
}

export type PackageUse = {
  /** The version. */ version: string
  /** People who ever installed it. */ downloads: number
  /** People who have it installed. */ installations: number
  /** Units that run it. */ active_units: number
}

export type ArchiveState = {
  /** Bytes that are stored: the next part begins here. */ offset: number
  /** Size of the whole archive. */ size_bytes: number | null
  /** Whether it is the version's archive now. */ complete: boolean
  /** Its SHA-256. */ checksum: string | null
}

export type GrantList = {
  /** The grants, oldest first. */ grants: Grant[]
}

export type Grant = {
  /** Number of the person. */ user_id: number
  /** The person; of a unit: whose it is. */ login: string
  /** The unit; null: the person as such. */ unit_id: string | null
  /** Since when. */ granted_at: string
}

export type PackageReadme = {
  /** Its path in the archive. */ file: string
  /** What it says, as its author wrote it: Markdown, or plain. */ text: string
}

export type InstallAnswer = {
  /** The package. */ package: Package
  /** The version that was chosen, and where its archive is. */ version: PackageVersion
}

export type InstallationList = {
  /** What the user has installed. */ installations: Installation[]
}

export type Installation = {
  /** The package. */ package_name: string
  /** The version. */ version: string
  /** Where the user put it. */ install_path: string | null
  /** When. */ installed_at: string
}

export type SeriesRetention = {
  /** The project. */ id?: number
  /** How long points are kept; then they become aggregates of minutes. Seconds; 0: for ever. */ raw_s: number
  /** How long aggregates of minutes are kept; then they become those of hours. Seconds; 0: for ever. */ minutes_s: number
  /** How long aggregates of hours are kept. Seconds; 0: for ever. */ hours_s: number
}

export type SeriesPage = {
  /** The series, oldest first. */ items: SeriesInfo[]
  /** Cursor of the next page; null: this is the last. */ next_cursor: string | null
}

export type SeriesInfo = {
  /** Identifies the series. */ id: number
  /** Who made it. */ owner_id: number | null
  /** Project that it belongs to; null: its owner's own. */ project_id: number | null
  /** What is measured. */ name: string
  /** Unit of the values. */ unit: string | null
  /** What it means, for people. */ help: string | null
  /** Kind of the values. */ kind: "f64" | "i64" | "text"
  /** Labels: an object of texts. */ labels: unknown
  /** When the series was made. */ created_at: string
}

export type SeriesPoints = {
  /** The series. */ id: number
  /** Kind of the values. */ kind: "f64" | "i64" | "text"
  /** First time, microseconds. */ from: number
  /** Time behind the last, microseconds. */ to: number
  /** Pairs of time in microseconds and value, in time order; what is no number is null. */ points: unknown
  /** More points than the limit: time of the next one. */ next_from: string | null
  /** With thin: whether points were left out. */ thinned: boolean
  /** Tells of the first damaged block that was left out; null: nothing is missing. */ damage: string | null
}

export type SeriesBuckets = {
  /** The series. */ id: number
  /** Begin of the first bucket, microseconds. */ from: number
  /** End of the range, microseconds. */ to: number
  /** Microseconds of a bucket. */ width: number
  /** Objects: t (begin), count, min, max, avg, sum, first, last and the times t_min, t_max, t_first, t_last; all null where count is 0. */ buckets: unknown
  /** Tells of the first damaged block that was left out; null: nothing is missing. */ damage: string | null
}

export type Unit = {
  /** Assigned by the server. */ id: number
  /** Identifies the unit everywhere. */ unit_id: string
  /** Name that its owner gave it. */ name: string
  /** The package. */ package_id: number
  /** Name of the package. */ package_name: string
  /** The version. */ package_version_id: number
  /** The version, written out. */ version: string
  /** Whose unit it is. */ owner_id: number
  /** Login of the owner. */ owner: string
  /** Project whose members see it. */ project_id: number | null
  /** The agent that runs it. */ agent_id: string | null
  /** Host name of its machine. */ device_name: string | null
  /** linux, macos, windows. */ device_os: string | null
  /** What it was last seen to be. */ status: "starting" | "running" | "stopped" | "failed" | "paused"
  /** What its owner wants it to be. */ desired: "running" | "stopped" | "paused" | "removed"
  /** Why it is in this status. */ reason: string | null
  /** Process id on its machine. */ pid: number | null
  /** Port that it listens on. */ port: number | null
  /** How often it was started again. */ restarts: number
  /** Exit code of its last process, unless 0. */ exit_code: number | null
  /** CPU use when last seen; 100 is one core. */ cpu_percent: number
  /** Resident memory. */ rss_bytes: number | null
  /** Virtual memory. */ vsz_bytes: number | null
  /** Threads of all its processes. */ threads: number | null
  /** Open descriptors. */ open_files: number | null
  /** Bytes read from storage so far. */ read_bytes: number | null
  /** Bytes written to storage so far. */ written_bytes: number | null
  /** Memory that it may use. */ memory_limit_bytes: number | null
  /** When it was started. */ started_at: string | null
  /** When it ended. */ stopped_at: string | null
  /** When it was last heard of. */ last_heartbeat: string | null
  /** Seconds since it was started, while it runs. */ uptime_s: number
  /** The command that its agent has not yet done. */ command_id: string | null
  /** What that command asks for. */ command_action: null | "stop" | "start" | "restart" | "pause" | "resume" | "remove"
  /** When the last command was given. */ command_at: string | null
  /** Why the last command failed. */ command_error: string | null
  /** When it was made. */ created_at: string
}

export type UnitPage = {
  /** The units, the latest first. */ units: Unit[]
  /** Cursor of the next page; null: this is the last. */ next_cursor: string | null
}

export type UnitOrders = {
  /** Commands that wait to be carried out. */ commands: UnitOrder[]
  /** When the next heartbeat is due. */ heartbeat_s: number
}

export type UnitOrder = {
  /** The command. */ id: string
  /** What to do. */ action: "stop" | "start" | "restart" | "pause" | "resume" | "remove"
}

export type UnitToken = {
  /** A token that may send telemetry, told once. */ token: string
}

export type TelemetryIn = {
  /** What kind of record this is. */ telemetry_type: "log" | "metric" | "event" | "error"
  /** Severity. */ level?: null | "debug" | "info" | "warn" | "error" | "fatal"
  /** Text. */ message?: string | null
  /** Structured data; a metric's numbers are its members. */ data?: unknown
  /** When it happened; absent: now. */ timestamp?: string | null
}

export type TelemetryReceipt = {
  /** How many records are stored now. */ accepted: number
}

export type TelemetryPage = {
  /** The records. */ telemetry: TelemetryRow[]
  /** Cursor of the next page; null: this is the last. */ next_cursor: string | null
}

export type TelemetryRow = {
  /** Assigned by the server. */ id: number
  /** The unit. */ unit_id: string
  /** What kind of record this is. */ telemetry_type: "log" | "metric" | "event" | "error"
  /** Severity. */ level: null | "debug" | "info" | "warn" | "error" | "fatal"
  /** Text. */ message: string | null
  /** Structured data. */ data: unknown
  /** When it happened. */ timestamp: string
}

export type LogsPage = {
  /** The records. */ logs: TelemetryRow[]
  /** Cursor of the next page; null: this is the last. */ next_cursor: string | null
}

export type MetricsPage = {
  /** The records. */ metrics: TelemetryRow[]
  /** Cursor of the next page; null: this is the last. */ next_cursor: string | null
}

export type AgentPage = {
  /** The agents, the last seen first. */ agents: AgentRow[]
}

export type AgentRow = {
  /** The agent. */ agent_id: string
  /** Whose agent it is. */ owner_id: number
  /** Login of the owner. */ owner: string
  /** Host name of its machine. */ host: string | null
  /** linux, macos, windows. */ os: string | null
  /** x86_64, aarch64, ... */ arch: string | null
  /** Version of the agent. */ version: string | null
  /** Changes when the machine starts anew. */ boot_id: string | null
  /** When it first connected. */ created_at: string
  /** When it last connected. */ connected_at: string
  /** When it was last heard of. */ last_seen_at: string
}

export type AlertPage = {
  /** The alerts, the latest first. */ alerts: Alert[]
  /** For the next page; null: this is the last. */ next_cursor: number | null
}

export type Alert = {
  /** Number of the alert. */ id: number
  /** The rule. */ rule_id: number
  /** Whose it is; null: the project's. */ owner_id: number | null
  /** The project. */ project_id: number | null
  /** Name of the rule. */ rule: string
  /** Its name in Russian, if it has one. */ rule_ru: string | null
  /** Kind of the rule. */ kind: "above" | "below" | "absent" | "unit_failed" | "unit_memory" | "unit_cpu"
  /** How bad it is. */ severity: "info" | "warning" | "critical"
  /** Where it stands. */ state: "pending" | "firing" | "resolved"
  /** unit/UUID or series/NUMBER. */ subject_key: string
  /** What it is about, for people. */ subject: string
  /** Labels of the unit or series. */ labels: Record<string, string>
  /** The value when the state changed last. */ value: number
  /** The rule's threshold. */ threshold: number
  /** How long it had to last. */ for_s: number
  /** Why a unit failed. */ note: string | null
  /** Since when the value is beyond. */ started_at: string
  /** Since when it fires. */ fired_at: string | null
  /** When it was over. */ ended_at: string | null
  /** When it was told. */ notified_at: string | null
  /** When somebody said that they know. */ acknowledged_at: string | null
  /** Who said so. */ acknowledged_by: string | null
  /** Nobody is told until then. */ silenced_until: string | null
}

export type AlertRules = {
  /** The rules. */ rules: AlertRule[]
}

export type AlertRule = {
  /** Number of the rule. */ id: number
  /** Whose rule it is; null: the project's. */ owner_id: number | null
  /** Project whose units and series it looks at; null: one's own. */ project_id?: number | null
  /** Name that people see. */ name: string
  /** above, below: a series' newest value beyond the threshold; absent: no point for that long; unit_failed; unit_memory: percent of the unit's limit; unit_cpu: percent, 100 is one core. */ kind: "above" | "below" | "absent" | "unit_failed" | "unit_memory" | "unit_cpu"
  /** How bad it is. */ severity?: "info" | "warning" | "critical"
  /** Whether it is evaluated. */ enabled?: boolean
  /** Name of the series, for above, below and absent. */ series?: string | null
  /** Labels that the series has, or of units: unit, package, host. */ labels?: Record<string, string>
  /** Value beyond which it fires. */ threshold?: number
  /** How far the value must come back from the threshold for it to be over. */ hysteresis?: number
  /** Seconds that it must last. */ for_s?: number
  /** Channels that are told; none: all of the scope. */ channels?: number[]
  /** One of those that every scope with units has. */ builtin: boolean
  /** Name in Russian of a builtin rule that nobody has renamed. */ name_ru: string | null
  /** When it was made. */ created_at: string
  /** Last change. */ updated_at: string
}

export type AlertChannels = {
  /** The channels. */ channels: AlertChannel[]
}

export type AlertChannel = {
  /** Number of the channel. */ id: number
  /** Whose it is; null: the project's. */ owner_id: number | null
  /** Project whose alerts it tells; null: one's own. */ project_id?: number | null
  /** Name that people see. */ name: string
  /** How it tells. */ kind: "webhook" | "slack" | "teams" | "telegram" | "email"
  /** Language of the texts. */ language?: "en" | "ru"
  /** telegram: id of the chat; email: the address. */ target?: string | null
  /** Whether it is used. */ enabled?: boolean
  /** Whether address or key are set; they are never shown. */ has_secret: boolean
  /** When it was made. */ created_at: string
}

export type AlertTested = {
  /** Whether the receiver took it. */ delivered: boolean
  /** Why not. */ error: string | null
}

export type AlertDeliveries = {
  /** The last deliveries, the latest first. */ deliveries: AlertDelivery[]
}

export type AlertDelivery = {
  /** Number of the delivery. */ id: number
  /** The channel. */ channel_id: number
  /** The alert. */ alert_id: number | null
  /** What is told. */ event: "firing" | "resolved" | "test"
  /** Identifies it to the receiver. */ delivery: string
  /** First line. */ title: string
  /** The text. */ text: string
  /** How often it was tried. */ attempts: number
  /** When it was due first. */ created_at: string
  /** When it is tried next, unless it is done. */ next_at: string
  /** When it was delivered. */ sent_at: string | null
  /** When it was given up. */ failed_at: string | null
  /** What went wrong the last time. */ last_error: string | null
}

export type AlertSilences = {
  /** The silences that are not over. */ silences: AlertSilence[]
}

export type AlertSilence = {
  /** Number of the silence. */ id: number
  /** Whose it is; null: the project's. */ owner_id: number | null
  /** The project; null: one's own. */ project_id?: number | null
  /** Only alerts of this rule. */ rule_id?: number | null
  /** Only alerts with these labels. */ labels?: Record<string, string>
  /** From then; absent: now. */ starts_at?: string | null
  /** Until then. */ until: string
  /** Why. */ reason?: string | null
  /** Who made it. */ created_by: string | null
}

export type NodeAbout = {
  /** What people call this node; null: it has no name of its own. */ name: string | null
  /** Of the program. */ version: string
}

export type NodeStorage = {
  /** Folder of the node's data. */ data: string
  /** The database, without its password. */ database: string
  /** Where archives lie. */ blobs: string
  /** Size of the data folder's file system. */ disk_bytes: number | null
  /** What is free of it. */ disk_free_bytes: number | null
}

export interface Api {
  /** The process is alive. */
  'GET /health': {
    input: Record<string, never>
    result: Health
  }
  /** The process and its database answer. */
  'GET /ready': {
    input: Record<string, never>
    result: Health
  }
  /** Figures of the node for Prometheus. */
  'GET /metrics': {
    input: Record<string, never>
    result: Blob
  }
  /** This API's own description, OpenAPI 3.1. */
  'GET /api/openapi.json': {
    input: Record<string, never>
    result: unknown
  }
  /** WebSockets, followers and topics: AsyncAPI 3.0. */
  'GET /asyncapi.json': {
    input: Record<string, never>
    result: unknown
  }
  /** The live channel: topics over one WebSocket (docs/live-protocol.md). */
  'GET /api/v1/live': {
    input: Record<string, never>
    result: undefined
  }
  /** Follow one topic of the live channel. */
  'GET /api/v1/live/follow': {
    input: {
      query: { topic: string }
      }
    result: Blob
  }
  /** Sign in with login and password. With X-Requested-By the session is a cookie. */
  'POST /api/v1/auth/login': {
    input: {
      body: {
        /** Login, in any case of its letters. */ login: string
        /** Password. */ password: string
        /** One-time code, where sign-in asks for one. */ otp?: string
      }
      }
    result: AuthTokens
  }
  /** New tokens for a refresh token, which is good for one use. */
  'POST /api/v1/auth/refresh': {
    input: {
      body: {
        /** The newest refresh token. */ refresh_token: string
      }
      }
    result: AuthTokens
  }
  /** Make an account and sign in. */
  'POST /api/v1/auth/register': {
    input: {
      body: {
        /** Name to sign in with: letters, digits and . _ @ + - */ login: string
        /** Password. */ password: string
        /** Name that others see; default: the login. */ display_name?: string | null
        /** Address. */ email?: string | null
        /** Invite, where the node asks for one. */ invite?: string | null
      }
      }
    result: AuthTokens
  }
  /** Make the first administrator with the console's one-time link. */
  'POST /api/v1/auth/setup': {
    input: {
      body: {
        /** From the link on the console. */ token: string
        /** Name to sign in with: letters, digits and . _ @ + - */ login: string
        /** Password. */ password: string
        /** Name that others see; default: the login. */ display_name?: string | null
      }
      }
    result: AuthTokens
  }
  /** Set a new password with a one-time link. */
  'POST /api/v1/auth/reset': {
    input: {
      body: {
        /** From the administrator's link. */ token: string
        /** Password. */ password: string
      }
      }
    result: undefined
  }
  /** End a session. */
  'POST /api/v1/auth/logout': {
    input: {
      body?: {
        /** Of the session that ends; not needed when header or cookie are the session's. */ refresh_token?: string
      }
      }
    result: undefined
  }
  /** Change one's password; other sessions end. */
  'POST /api/v1/auth/password': {
    input: {
      body: {
        /** The present password. */ current: string
        /** Password. */ password: string
      }
      }
    result: undefined
  }
  /** Who asks. */
  'GET /api/v1/me': {
    input: Record<string, never>
    result: Me
  }
  /** Change one's name, address, or how the page looks. */
  'PATCH /api/v1/me': {
    input: {
      body?: {
        /** Name that others see. */ display_name?: string
        /** Address. */ email?: string | null
        /** Language of the page; null: as the browser has it. */ lang?: null | "en" | "ru"
        /** Theme of the page; null: as the browser has it. */ theme?: null | "auto" | "light" | "dark"
      }
      }
    result: Me
  }
  /** Delete one's account and everything of one's own. */
  'DELETE /api/v1/me': {
    input: Record<string, never>
    result: undefined
  }
  /** Everything that the node holds of who asks, as JSON. */
  'GET /api/v1/me/export': {
    input: Record<string, never>
    result: unknown
  }
  /** Begin with one-time codes: a secret for the authenticator. */
  'POST /api/v1/me/totp': {
    input: Record<string, never>
    result: TotpSecret
  }
  /** Turn one-time codes on by showing the first one. */
  'POST /api/v1/me/totp/confirm': {
    input: {
      body: {
        /** The code that the authenticator shows. */ code: string
      }
      }
    result: undefined
  }
  /** Turn one-time codes off. */
  'POST /api/v1/me/totp/remove': {
    input: {
      body: {
        /** The password again. */ password: string
      }
      }
    result: undefined
  }
  /** Where one is signed in. */
  'GET /api/v1/sessions': {
    input: Record<string, never>
    result: SessionPage
  }
  /** End one of one's sessions. */
  'DELETE /api/v1/sessions/{id}': {
    input: {
      path: { id: number }
      }
    result: undefined
  }
  /** One's access tokens. */
  'GET /api/v1/tokens': {
    input: Record<string, never>
    result: TokenPage
  }
  /** Make an access token for a program. */
  'POST /api/v1/tokens': {
    input: {
      body: {
        /** What the token is for. */ name: string
        /** What it may do: scopes with blanks between, such as 'package:read unit:read'. */ scopes: string
        /** The only project that it opens; null: a personal token. */ project_id?: number | null
        /** When it ends; null: never. */ expires_at?: string | null
      }
      }
    result: TokenMade
  }
  /** Revoke an access token. */
  'DELETE /api/v1/tokens/{id}': {
    input: {
      path: { id: number }
      }
    result: undefined
  }
  /** People of this node. */
  'GET /api/v1/users': {
    input: {
      query?: { limit?: number; cursor?: number; text?: string }
      }
    result: UserPage
  }
  /** One person. */
  'GET /api/v1/users/{id}': {
    input: {
      path: { id: number }
      }
    result: User
  }
  /** Change a person's role, block them, turn their one-time codes off. */
  'PATCH /api/v1/users/{id}': {
    input: {
      path: { id: number }
      body?: {
        /** Name that others see. */ display_name?: string
        /** Address. */ email?: string | null
        /** What the person may do on this node. */ role?: "user" | "admin" | "auditor"
        /** Keeps the person out and ends their sessions. */ blocked?: boolean
        /** false turns one-time codes off, for somebody who lost the authenticator. */ totp?: boolean
      }
      }
    result: User
  }
  /** Delete a person and everything of theirs. */
  'DELETE /api/v1/users/{id}': {
    input: {
      path: { id: number }
      }
    result: undefined
  }
  /** A one-time link with which the person sets a new password. */
  'POST /api/v1/users/{id}/reset': {
    input: {
      path: { id: number }
      }
    result: ResetLink
  }
  /** Invites. */
  'GET /api/v1/invites': {
    input: {
      query?: { limit?: number; cursor?: number; text?: string }
      }
    result: InvitePage
  }
  /** Make an invite: one person may register with it. */
  'POST /api/v1/invites': {
    input: {
      body?: {
        /** Whom it is for. */ note?: string | null
        /** Role of who registers with it; not admin. */ role?: "user" | "admin" | "auditor"
        /** Days until it ends. */ days?: number
      }
      }
    result: InviteMade
  }
  /** Take an invite back. */
  'DELETE /api/v1/invites/{id}': {
    input: {
      path: { id: number }
      }
    result: undefined
  }
  /** Sign access tokens with a new key from now on. */
  'POST /api/v1/keys/rotate': {
    input: {
      body?: {
        /** Forget the old keys at once: every session must refresh. */ drop_old?: boolean
      }
      }
    result: KeyMade
  }
  /** Projects that one is a member of or may see. */
  'GET /api/v1/projects': {
    input: {
      query?: { limit?: number; cursor?: number; text?: string }
      }
    result: ProjectPage
  }
  /** Make a project; who makes it owns it. */
  'POST /api/v1/projects': {
    input: {
      body: {
        /** Unique name, fit for a path. */ name: string
        /** Name that people see. */ display_name?: string
        /** What it is about. */ description?: string | null
        /** Who sees it besides its members; at first nobody. */ visibility?: "private" | "node" | "public"
      }
      }
    result: Project
  }
  /** One project. */
  'GET /api/v1/projects/{id}': {
    input: {
      path: { id: number }
      }
    result: Project
  }
  /** Change a project; owners only. */
  'PATCH /api/v1/projects/{id}': {
    input: {
      path: { id: number }
      body?: {
        /** Unique name, fit for a path. */ name?: string
        /** Name that people see. */ display_name?: string
        /** What it is about. */ description?: string | null
        /** Who sees it besides its members; at first nobody. */ visibility?: "private" | "node" | "public"
      }
      }
    result: Project
  }
  /** Delete a project; owners only. */
  'DELETE /api/v1/projects/{id}': {
    input: {
      path: { id: number }
      }
    result: undefined
  }
  /** Who is in a project; members only. */
  'GET /api/v1/projects/{id}/members': {
    input: {
      path: { id: number }
      }
    result: MemberPage
  }
  /** Add a person or change their role; owners only. */
  'PUT /api/v1/projects/{id}/members/{login}': {
    input: {
      path: { id: number; login: string }
      body: {
        /** Role in the project. */ role: "viewer" | "editor" | "owner"
      }
      }
    result: Member
  }
  /** Remove a person (owners), or leave. */
  'DELETE /api/v1/projects/{id}/members/{login}': {
    input: {
      path: { id: number; login: string }
      }
    result: undefined
  }
  /** Search the audit log. */
  'GET /api/v1/audit': {
    input: {
      query?: { from?: string; to?: string; user?: string; action?: string; text?: string; cursor?: number; limit?: number }
      }
    result: AuditPage
  }
  /** The audit log as NDJSON, oldest entry first. */
  'GET /api/v1/audit/export': {
    input: {
      query?: { from?: string; to?: string; user?: string; action?: string; text?: string; cursor?: number; limit?: number }
      }
    result: Blob
  }
  /** Check the whole chain of hashes. */
  'GET /api/v1/audit/verify': {
    input: Record<string, never>
    result: AuditState
  }
  /** Public packages, and private ones that the caller may see. */
  'GET /api/spark/packages': {
    input: {
      query?: { limit?: number; offset?: number; category?: string | null; tag?: string | null; sort?: "name" | "downloads" | "updated" | "created" }
      }
    result: PackagePage
  }
  /** Register a package. */
  'POST /api/spark/packages': {
    input: {
      body: {
        /** Unique name; '-', '_' and '.' count as the same. */ name: string
        /** Name for people. */ display_name: string
        /** What it does. */ description?: string | null
        /** Address of its source. */ repository?: string | null
        /** Field of use. */ category?: string | null
        /** Key words. */ tags?: string[]
        /** Project whose editors may publish versions. */ project_id?: number | null
        /** Whether everybody sees it. */ is_public?: boolean
      }
      }
    result: Package
  }
  /** Packages by words, forgiving of typing errors. */
  'GET /api/spark/packages/search': {
    input: {
      query: { q: string; limit?: number }
      }
    result: PackageHits
  }
  /** Categories and how popular they are. */
  'GET /api/spark/packages/categories': {
    input: Record<string, never>
    result: CategoryList
  }
  /** One package with its versions and figures. */
  'GET /api/spark/packages/{name}': {
    input: {
      path: { name: string }
      }
    result: PackageSheet
  }
  /** Change a package. */
  'PATCH /api/spark/packages/{name}': {
    input: {
      path: { name: string }
      body?: {
        /** Name for people. */ display_name?: string
        /** What it does. */ description?: string | null
        /** Address of its source. */ repository?: string | null
        /** Field of use. */ category?: string | null
        /** Key words. */ tags?: string[]
        /** Whether everybody sees it. */ is_public?: boolean
      }
      }
    result: Package
  }
  /** Delete a package that nobody uses. */
  'DELETE /api/spark/packages/{name}': {
    input: {
      path: { name: string }
      }
    result: undefined
  }
  /** Downloads over time, installations and active units. */
  'GET /api/spark/packages/{name}/stats': {
    input: {
      path: { name: string }
      query?: { days?: number }
      }
    result: PackageStats
  }
  /** Tell users not to use a package any more. */
  'POST /api/spark/packages/{name}/deprecate': {
    input: {
      path: { name: string }
      body?: {
        /** Why; null: it is not deprecated any more. */ message?: string | null
        /** Package to use instead. */ replacement?: string | null
      }
      }
    result: Package
  }
  /** Publish a version. */
  'POST /api/spark/packages/{name}/versions': {
    input: {
      path: { name: string }
      body: {
        /** Semantic version without build metadata. */ version: string
        /** What changed. */ changelog?: string | null
        /** Where the archive is, when it is not uploaded here. */ download_url?: string | null
        /** SHA-256 of the archive; an upload must have it. */ checksum?: string | null
        /** The author's Ed25519 signature over name, version and checksum, base64. */ signature?: string | null
        /** The public key that verifies it, base64. */ signer_key?: string | null
        /** Size of the archive at download_url. */ size_bytes?: number | null
        /** Whether it may be chosen when nobody names a version. */ is_stable?: boolean
      }
      }
    result: PackageVersion
  }
  /** Withdraw a version: ranges do not choose it any more. */
  'POST /api/spark/packages/{name}/versions/{version}/yank': {
    input: {
      path: { name: string; version: string }
      body: {
        /** Why, for those who have it. */ reason: string
      }
      }
    result: PackageVersion
  }
  /** Take a withdrawal back. */
  'POST /api/spark/packages/{name}/versions/{version}/unyank': {
    input: {
      path: { name: string; version: string }
      }
    result: PackageVersion
  }
  /** Upload a version's archive, whole or in parts. */
  'PUT /api/spark/packages/{name}/versions/{version}/archive': {
    input: {
      path: { name: string; version: string }
      body: Blob
      }
    result: ArchiveState
  }
  /** Download a version's archive. */
  'GET /api/spark/packages/{name}/versions/{version}/archive': {
    input: {
      path: { name: string; version: string }
      }
    result: Blob
  }
  /** Where an interrupted upload goes on. */
  'GET /api/spark/packages/{name}/versions/{version}/archive/upload': {
    input: {
      path: { name: string; version: string }
      }
    result: ArchiveState
  }
  /** Who sees a private package beside its author and project; its owners only. */
  'GET /api/spark/packages/{name}/grants': {
    input: {
      path: { name: string }
      }
    result: GrantList
  }
  /** Show a private package to a person or a unit; its owners only. */
  'POST /api/spark/packages/{name}/grants': {
    input: {
      path: { name: string }
      body?: {
        /** The person that is to see it. */ login?: string | null
        /** Or the unit: whose it is sees it as long as there is the unit. */ unit_id?: string | null
      }
      }
    result: Grant
  }
  /** Take a person's grant back. */
  'DELETE /api/spark/packages/{name}/grants/users/{login}': {
    input: {
      path: { name: string; login: string }
      }
    result: undefined
  }
  /** Take a unit's grant back. */
  'DELETE /api/spark/packages/{name}/grants/units/{unit_id}': {
    input: {
      path: { name: string; unit_id: string }
      }
    result: undefined
  }
  /** README of a version. */
  'GET /api/spark/packages/{name}/versions/{version}/readme': {
    input: {
      path: { name: string; version: string }
      }
    result: PackageReadme
  }
  /** Record an installation and say where the archive is. */
  'POST /api/spark/packages/install': {
    input: {
      body: {
        /** The package. */ package_name: string
        /** A version or a range like ^1.2; null: the newest stable one. */ version?: string | null
        /** Where the user puts it. */ install_path?: string | null
      }
      }
    result: InstallAnswer
  }
  /** Forget an installation. */
  'DELETE /api/spark/packages/{name}/installation': {
    input: {
      path: { name: string }
      }
    result: undefined
  }
  /** What the caller has installed. */
  'GET /api/spark/installations': {
    input: Record<string, never>
    result: InstallationList
  }
  /** How long a project's series are kept, and how finely. */
  'GET /api/v1/projects/{id}/retention': {
    input: {
      path: { id: number }
      }
    result: SeriesRetention
  }
  /** Change how long a project's series are kept. */
  'PUT /api/v1/projects/{id}/retention': {
    input: {
      path: { id: number }
      body: {
        /** How long points are kept; then they become aggregates of minutes. Seconds; 0: for ever. */ raw_s: number
        /** How long aggregates of minutes are kept; then they become those of hours. Seconds; 0: for ever. */ minutes_s: number
        /** How long aggregates of hours are kept. Seconds; 0: for ever. */ hours_s: number
      }
      }
    result: SeriesRetention
  }
  /** The series that one may see, by name and labels. */
  'GET /api/v1/series': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: SeriesPage
  }
  /** One series. */
  'GET /api/v1/series/{id}': {
    input: {
      path: { id: number }
      }
    result: SeriesInfo
  }
  /** Remove a series with all its points. */
  'DELETE /api/v1/series/{id}': {
    input: {
      path: { id: number }
      }
    result: undefined
  }
  /** Points of a range, in time order; as binary frames where Accept asks for them. */
  'GET /api/v1/series/{id}/points': {
    input: {
      path: { id: number }
      query?: { from?: string; to?: string; limit?: number; thin?: null | "minmax" | "m4" | "lttb" }
      }
    result: SeriesPoints
  }
  /** A range in buckets of equal width: exact least, largest, average, first and last values. */
  'GET /api/v1/series/{id}/buckets': {
    input: {
      path: { id: number }
      query?: { from?: string; to?: string; n?: number }
      }
    result: SeriesBuckets
  }
  /** Store points of series; answered when they are durable. */
  'POST /api/v1/telemetry': {
    input: {
      query?: { project?: number }
      body: unknown
      }
    result: unknown
  }
  /** A WebSocket for senders of telemetry: a batch a message, answered when durable. */
  'GET /api/v1/telemetry/ws': {
    input: {
      query?: { project?: number }
      }
    result: undefined
  }
  /** InfluxDB 1: store line protocol. */
  'POST /write': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      body: Blob
      }
    result: undefined
  }
  /** InfluxDB 2: store line protocol. */
  'POST /api/v2/write': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      body: Blob
      }
    result: undefined
  }
  /** InfluxDB 3: store line protocol. */
  'POST /api/v3/write_lp': {
    input: {
      query: Record<string, string | number | boolean | null | undefined>
      body: Blob
      }
    result: undefined
  }
  /** Grafana Live: store line protocol pushed to a stream. */
  'POST /api/live/push/{stream}': {
    input: {
      path: { stream: string }
      query?: Record<string, string | number | boolean | null | undefined>
      body: Blob
      }
    result: undefined
  }
  /** InfluxDB 1: what writers ask before they write. */
  'POST /query': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      body: Blob
      }
    result: unknown
  }
  /** InfluxDB 1: what writers ask before they write. */
  'GET /query': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** InfluxDB 1: whether somebody is there. */
  'GET /ping': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: undefined
  }
  /** Prometheus remote write, 1.0 and 2.0. */
  'POST /api/v1/write': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      body: Blob
      }
    result: undefined
  }
  /** OpenTelemetry: store metrics sent by OTLP/HTTP. */
  'POST /v1/metrics': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      body: unknown
      }
    result: unknown
  }
  /** Create a unit of an installed package. */
  'POST /api/spark/units': {
    input: {
      body: {
        /** Chosen by the client; absent: by the server. */ unit_id?: string | null
        /** Name of the unit. */ name: string
        /** The package, which the caller must have installed. */ package_name: string
        /** Its version; absent: the installed one. */ version?: string | null
        /** Host name of the machine. */ device_name?: string | null
        /** linux, macos, windows. */ device_os?: string | null
        /** Project whose members see it. */ project_id?: number | null
        /** The agent that runs it. */ agent_id?: string | null
      }
      }
    result: Unit
  }
  /** The caller's units and those of the caller's projects; an administrator's: all. */
  'GET /api/spark/units': {
    input: {
      query?: { status?: null | "starting" | "running" | "stopped" | "failed" | "paused"; package?: string | null; cursor?: string | null; limit?: number }
      }
    result: UnitPage
  }
  /** One unit. */
  'GET /api/spark/units/{unit_id}': {
    input: {
      path: { unit_id: string }
      }
    result: Unit
  }
  /** Stop and remove a unit. */
  'DELETE /api/spark/units/{unit_id}': {
    input: {
      path: { unit_id: string }
      }
    result: undefined
  }
  /** Report what the unit is now. */
  'PUT /api/spark/units/{unit_id}/status': {
    input: {
      path: { unit_id: string }
      body: {
        /** What the unit is now. */ status: "starting" | "running" | "stopped" | "failed" | "paused"
        /** Process id. */ pid?: number | null
        /** Port that it listens on. */ port?: number | null
        /** Exit code, when it has ended. */ exit_code?: number | null
        /** Why. */ reason?: string | null
      }
      }
    result: Unit
  }
  /** Say that the unit lives; answers the commands that wait for it. */
  'POST /api/spark/units/{unit_id}/heartbeat': {
    input: {
      path: { unit_id: string }
      body?: {
        /** What the unit is now; absent: as before. */ status?: null | "starting" | "running" | "stopped" | "failed" | "paused"
        /** Process id. */ pid?: number | null
        /** Port that it listens on. */ port?: number | null
        /** Commands that were carried out. */ done?: string[]
      }
      }
    result: UnitOrders
  }
  /** Stop a unit. */
  'POST /api/spark/units/{unit_id}/stop': {
    input: {
      path: { unit_id: string }
      }
    result: Unit
  }
  /** Start a unit. */
  'POST /api/spark/units/{unit_id}/start': {
    input: {
      path: { unit_id: string }
      }
    result: Unit
  }
  /** Restart a unit. */
  'POST /api/spark/units/{unit_id}/restart': {
    input: {
      path: { unit_id: string }
      }
    result: Unit
  }
  /** Pause a unit. */
  'POST /api/spark/units/{unit_id}/pause': {
    input: {
      path: { unit_id: string }
      }
    result: Unit
  }
  /** Resume a paused unit. */
  'POST /api/spark/units/{unit_id}/resume': {
    input: {
      path: { unit_id: string }
      }
    result: Unit
  }
  /** Make the token with which the unit's program sends its own telemetry. */
  'POST /api/spark/units/{unit_id}/token': {
    input: {
      path: { unit_id: string }
      }
    result: UnitToken
  }
  /** Store one record or an array of them. */
  'POST /api/spark/units/{unit_id}/telemetry': {
    input: {
      path: { unit_id: string }
      body: TelemetryIn | TelemetryIn[]
      }
    result: TelemetryReceipt
  }
  /** Records of a unit. */
  'GET /api/spark/units/{unit_id}/telemetry': {
    input: {
      path: { unit_id: string }
      query?: { type?: null | "log" | "metric" | "event" | "error"; level?: null | "debug" | "info" | "warn" | "error" | "fatal"; q?: string | null; order?: "desc" | "asc"; from?: string | null; to?: string | null; cursor?: string | null; limit?: number }
      }
    result: TelemetryPage
  }
  /** Log records of a unit. */
  'GET /api/spark/units/{unit_id}/logs': {
    input: {
      path: { unit_id: string }
      query?: { level?: null | "debug" | "info" | "warn" | "error" | "fatal"; q?: string | null; order?: "desc" | "asc"; from?: string | null; to?: string | null; cursor?: string | null; limit?: number; follow?: boolean }
      }
    result: LogsPage
  }
  /** Metric records of a unit. */
  'GET /api/spark/units/{unit_id}/metrics': {
    input: {
      path: { unit_id: string }
      query?: { order?: "desc" | "asc"; from?: string | null; to?: string | null; cursor?: string | null; limit?: number }
      }
    result: MetricsPage
  }
  /** The caller's agents; an administrator's: all. */
  'GET /api/spark/agents': {
    input: Record<string, never>
    result: AgentPage
  }
  /** The socket that an agent keeps open. */
  'GET /api/spark/agent': {
    input: Record<string, never>
    result: undefined
  }
  /** Alerts of the caller and the caller's projects. */
  'GET /api/v1/alerts': {
    input: {
      query?: { state?: "active" | "all" | "pending" | "firing" | "resolved"; project_id?: number | null; cursor?: number | null; limit?: number }
      }
    result: AlertPage
  }
  /** One alert. */
  'GET /api/v1/alerts/{id}': {
    input: {
      path: { id: number }
      }
    result: Alert
  }
  /** Say that one knows. */
  'POST /api/v1/alerts/{id}/acknowledge': {
    input: {
      path: { id: number }
      }
    result: Alert
  }
  /** Hold back what this rule would tell of this subject. */
  'POST /api/v1/alerts/{id}/silence': {
    input: {
      path: { id: number }
      body: {
        /** For how many seconds. */ for_s: number
        /** Why. */ reason?: string | null
      }
      }
    result: Alert
  }
  /** Rules. */
  'GET /api/v1/alert-rules': {
    input: {
      query?: { project_id?: number | null }
      }
    result: AlertRules
  }
  /** Make a rule. */
  'POST /api/v1/alert-rules': {
    input: {
      body: {
        /** Project whose units and series it looks at; null: one's own. */ project_id?: number | null
        /** Name that people see. */ name: string
        /** above, below: a series' newest value beyond the threshold; absent: no point for that long; unit_failed; unit_memory: percent of the unit's limit; unit_cpu: percent, 100 is one core. */ kind: "above" | "below" | "absent" | "unit_failed" | "unit_memory" | "unit_cpu"
        /** How bad it is. */ severity?: "info" | "warning" | "critical"
        /** Whether it is evaluated. */ enabled?: boolean
        /** Name of the series, for above, below and absent. */ series?: string | null
        /** Labels that the series has, or of units: unit, package, host. */ labels?: Record<string, string>
        /** Value beyond which it fires. */ threshold?: number
        /** How far the value must come back from the threshold for it to be over. */ hysteresis?: number
        /** Seconds that it must last. */ for_s?: number
        /** Channels that are told; none: all of the scope. */ channels?: number[]
      }
      }
    result: AlertRule
  }
  /** One rule. */
  'GET /api/v1/alert-rules/{id}': {
    input: {
      path: { id: number }
      }
    result: AlertRule
  }
  /** Change a rule. */
  'PUT /api/v1/alert-rules/{id}': {
    input: {
      path: { id: number }
      body: {
        /** Name that people see. */ name: string
        /** above, below: a series' newest value beyond the threshold; absent: no point for that long; unit_failed; unit_memory: percent of the unit's limit; unit_cpu: percent, 100 is one core. */ kind: "above" | "below" | "absent" | "unit_failed" | "unit_memory" | "unit_cpu"
        /** How bad it is. */ severity?: "info" | "warning" | "critical"
        /** Whether it is evaluated. */ enabled?: boolean
        /** Name of the series, for above, below and absent. */ series?: string | null
        /** Labels that the series has, or of units: unit, package, host. */ labels?: Record<string, string>
        /** Value beyond which it fires. */ threshold?: number
        /** How far the value must come back from the threshold for it to be over. */ hysteresis?: number
        /** Seconds that it must last. */ for_s?: number
        /** Channels that are told; none: all of the scope. */ channels?: number[]
      }
      }
    result: AlertRule
  }
  /** Delete a rule with its history. */
  'DELETE /api/v1/alert-rules/{id}': {
    input: {
      path: { id: number }
      }
    result: undefined
  }
  /** Channels, without their secrets. */
  'GET /api/v1/alert-channels': {
    input: {
      query?: { project_id?: number | null }
      }
    result: AlertChannels
  }
  /** Make a channel. */
  'POST /api/v1/alert-channels': {
    input: {
      body: {
        /** Project whose alerts it tells; null: one's own. */ project_id?: number | null
        /** Name that people see. */ name: string
        /** How it tells. */ kind: "webhook" | "slack" | "teams" | "telegram" | "email"
        /** Language of the texts. */ language?: "en" | "ru"
        /** telegram: id of the chat; email: the address. */ target?: string | null
        /** Whether it is used. */ enabled?: boolean
        /** webhook, slack, teams: the address that is called, which is a secret itself; telegram: of another Bot API server; absent on change: as it was. */ url?: string | null
        /** webhook: the key of signatures; telegram: the bot's token; absent on change: as it was. */ secret?: string | null
      }
      }
    result: AlertChannel
  }
  /** One channel. */
  'GET /api/v1/alert-channels/{id}': {
    input: {
      path: { id: number }
      }
    result: AlertChannel
  }
  /** Change a channel. */
  'PUT /api/v1/alert-channels/{id}': {
    input: {
      path: { id: number }
      body: {
        /** Name that people see. */ name: string
        /** How it tells. */ kind: "webhook" | "slack" | "teams" | "telegram" | "email"
        /** Language of the texts. */ language?: "en" | "ru"
        /** telegram: id of the chat; email: the address. */ target?: string | null
        /** Whether it is used. */ enabled?: boolean
        /** webhook, slack, teams: the address that is called, which is a secret itself; telegram: of another Bot API server; absent on change: as it was. */ url?: string | null
        /** webhook: the key of signatures; telegram: the bot's token; absent on change: as it was. */ secret?: string | null
      }
      }
    result: AlertChannel
  }
  /** Delete a channel. */
  'DELETE /api/v1/alert-channels/{id}': {
    input: {
      path: { id: number }
      }
    result: undefined
  }
  /** Send a test message now. */
  'POST /api/v1/alert-channels/{id}/test': {
    input: {
      path: { id: number }
      }
    result: AlertTested
  }
  /** What was and is to be told. */
  'GET /api/v1/alert-channels/{id}/deliveries': {
    input: {
      path: { id: number }
      }
    result: AlertDeliveries
  }
  /** Silences that are not over. */
  'GET /api/v1/alert-silences': {
    input: {
      query?: { project_id?: number | null }
      }
    result: AlertSilences
  }
  /** Silence alerts for a while. */
  'POST /api/v1/alert-silences': {
    input: {
      body: {
        /** The project; null: one's own. */ project_id?: number | null
        /** Only alerts of this rule. */ rule_id?: number | null
        /** Only alerts with these labels. */ labels?: Record<string, string>
        /** From then; absent: now. */ starts_at?: string | null
        /** Until then. */ until: string
        /** Why. */ reason?: string | null
      }
      }
    result: AlertSilence
  }
  /** End a silence. */
  'DELETE /api/v1/alert-silences/{id}': {
    input: {
      path: { id: number }
      }
    result: undefined
  }
  /** Evaluate a PromQL query at one time. */
  'GET /prometheus/api/v1/query': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** Evaluate a PromQL query at one time. */
  'POST /prometheus/api/v1/query': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      body: Blob
      }
    result: unknown
  }
  /** Evaluate a PromQL query over a range of times. */
  'GET /prometheus/api/v1/query_range': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** Evaluate a PromQL query over a range of times. */
  'POST /prometheus/api/v1/query_range': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      body: Blob
      }
    result: unknown
  }
  /** Names of labels. */
  'GET /prometheus/api/v1/labels': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** Names of labels. */
  'POST /prometheus/api/v1/labels': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      body: Blob
      }
    result: unknown
  }
  /** Values of a label; __name__ lists the series' names. */
  'GET /prometheus/api/v1/label/{name}/values': {
    input: {
      path: { name: string }
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** Label sets of the series that match. */
  'GET /prometheus/api/v1/series': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** Label sets of the series that match. */
  'POST /prometheus/api/v1/series': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      body: Blob
      }
    result: unknown
  }
  /** Help and unit of the series, by name. */
  'GET /prometheus/api/v1/metadata': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** What this is. */
  'GET /prometheus/api/v1/status/buildinfo': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** None are kept. */
  'GET /prometheus/api/v1/query_exemplars': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** Rules of alerts are under /api/v1/alert-rules. */
  'GET /prometheus/api/v1/alerts': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** Rules of alerts are under /api/v1/alert-rules. */
  'GET /prometheus/api/v1/rules': {
    input: {
      query?: Record<string, string | number | boolean | null | undefined>
      }
    result: unknown
  }
  /** What the node is called, and its version. */
  'GET /api/v1/node': {
    input: Record<string, never>
    result: NodeAbout
  }
  /** Name the node. */
  'PATCH /api/v1/node': {
    input: {
      body: {
        /** What people call this node; null: it has no name of its own. */ name: string | null
      }
      }
    result: NodeAbout
  }
  /** Where the node keeps its data, and how much room there is. */
  'GET /api/v1/node/storage': {
    input: Record<string, never>
    result: NodeStorage
  }
}
