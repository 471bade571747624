/**
 * A corpus for the secret scan: made-up credentials of many providers, and texts that look like some and are none. Every credential is put together at run time from a seeded
 * generator, with a dot in the middle of its prefix that is taken out, so that no file of this repository holds one.
 */

/** One file of the corpus; `rule` is the rule that must find it, null for a text in which nothing may be found. */
export type CorpusFile = {
  readonly name: string
  readonly file: string
  readonly text: string
  readonly rule: string | null
}

const lower = 'abcdefghijklmnopqrstuvwxyz'
const digits = '0123456789'
const alnum = `${lower}${lower.toUpperCase()}${digits}`
const hexDigits = `${digits}abcdef`
const base32 = `${lower.toUpperCase()}234567`

/** Random text of a seed: the same corpus in every run. */
export const generator = (seed: number): ((length: number, alphabet?: string) => string) => {
  let state = seed
  return (length, alphabet = alnum) =>
    Array.from({ length }, () => {
      // The minimal standard generator of Park and Miller.
      state = (state * 48_271) % 2_147_483_647
      return alphabet[state % alphabet.length]
    }).join('')
}

const uuidOf = (random: ReturnType<typeof generator>): string =>
  [8, 4, 4, 4, 12].map((length) => random(length, hexDigits)).join('-')

type Random = ReturnType<typeof generator>

/** Name, file, text, and the rule where one must find it. */
type Rows = readonly (readonly [name: string, file: string, text: string, rule?: string])[]

/** Texts with a secret in each. */
export const positives = (seed: number): readonly CorpusFile[] => {
  const random = generator(seed)
  return filesOf([...cloudSecrets(random), ...serviceSecrets(random)])
}

/** Texts without a secret, each of a kind that a careless rule takes for one. */
export const negatives = (seed: number): readonly CorpusFile[] => {
  const random = generator(seed)
  return filesOf([...digestsAndPlaceholders(random), ...namesAndUrls(random)])
}

const filesOf = (rows: Rows): readonly CorpusFile[] =>
  rows.map(([name, file, text, rule]) => ({ name, file, text: text.replaceAll('·', ''), rule: rule ?? null }))

const cloudSecrets = (random: Random): Rows => {
  const hex = (length: number): string => random(length, hexDigits)
  return [
    ['AWS key id', 'a.ts', `const id = 'AK·IA·${random(16, base32)}'`, 'aws-access-key-id'],
    ['AWS secret', '.env', `AWS_SECRET_ACCESS_KEY=${random(40)}`, 'aws-secret-access-key'],
    ['AWS secret in JSON', 'a.json', `{"secretAccessKey": "${random(40)}"}`, 'aws-secret-access-key'],
    ['Azure storage', 'a.cs', `"DefaultEndpointsProtocol=https;AccountKey·=${random(86)}=="`, 'azure-storage-key'],
    ['Entra client secret', 'a.tf', `client = "${random(3)}8Q·~${random(34)}"`, 'azure-client-secret'],
    ['Google API key', 'a.js', `key: "AI·za${random(35)}"`, 'google-api-key'],
    ['Google OAuth', 'a.yml', `clientSecret: GOC·SPX-${random(28)}`, 'google-oauth-secret'],
    ['DigitalOcean', 'a.sh', `export T=dop·_v1_${hex(64)}`, 'digitalocean-token'],
    ['GitHub classic', 'a.py', `t = "gh·p_${random(36)}"`, 'github/GITHUB_TOKEN'],
    ['GitHub fine-grained', 'a.md', `Use github·_pat_${random(22)}_${random(59)} to log in`, 'github/GITHUB_TOKEN'],
    ['GitLab personal', 'a.rb', `"gl·pat-${random(20)}"`, 'gitlab/GITLAB_PERSONAL_ACCESS_TOKEN'],
    ['GitLab deploy', 'a.txt', `gl·dt-${random(20)}`, 'gitlab-token'],
    ['GitLab runner', 'config.toml', `token = "gl·rt-${random(20)}"`, 'gitlab-token'],
    ['Slack bot', 'a.go', `"xo·xb-${random(12, digits)}-${random(12, digits)}-${random(24)}"`, 'slack/SLACK_TOKEN'],
    [
      'Slack webhook',
      'a.cfg',
      `https://hooks·.slack.com/services/T${random(9)}/B${random(9)}/${random(24)}`,
      'slack/IncomingWebhook',
    ],
    ['Stripe live', 'a.php', `'sk·_live_${random(24)}'`, 'stripe/STRIPE_SECRET_KEY_LIVE'],
    ['Stripe webhook', '.env', `HOOK=wh·sec_${random(32)}`, 'stripe-webhook-secret'],
    ['npm', '.npmrc', `//npm.acme.io/:_authToken=np·m_${random(36)}`, 'npm/Npmrc_authToken'],
    ['PyPI', '.pypirc', `password = py·pi-AgEIcHlwaS5vcmc${random(70)}`, 'pypi-token'],
    ['RubyGems', 'credentials', `:rubygems_api_key: ruby·gems_${hex(48)}`, 'rubygems-key'],
    ['crates.io', 'credentials.toml', `token = "c·io${random(32)}"`, 'crates-token'],
    ['Docker Hub', 'a.sh', `docker login -p dckr·_pat_${random(27)}`, 'docker/DOCKER_PERSONAL_ACCESS_TOKEN'],
    [
      'Docker config',
      'config.json',
      `{"auths":{"r.acme.io":{"auth":"${btoa(`ci:${random(20)}`)}"}}}`,
      'docker-config-auth',
    ],
  ]
}

const serviceSecrets = (random: Random): Rows => {
  const hex = (length: number): string => random(length, hexDigits)
  const uuid = (): string => uuidOf(random)
  const pem = (kind: string, body: string): string =>
    `-----BEGIN ${kind}PRIVATE· KEY-----\n${body}\n-----END ${kind}PRIVATE· KEY-----`
  return [
    ['Twilio', 'a.java', `TWILIO = "S·K${hex(32)}"`, 'twilio-api-key'],
    ['Twilio auth token', 'a.kt', `twilio_auth_token = "${hex(32)}"`, 'twilio-auth-token'],
    ['SendGrid', 'a.ex', `"S·G.${random(22)}.${random(43)}"`, 'sendgrid/SENDGRID_KEY'],
    ['Mailchimp', 'a.ts', `mc('${hex(32)}-us14')`, 'mailchimp-key'],
    ['Mailgun', 'a.ts', `mailgun({ apiKey: 'ke·y-${hex(32)}' })`, 'mailgun-key'],
    [
      'Telegram',
      'a.ts',
      `fetch('https://api.telegram.org/bo·t${random(9, '123456789')}:A${random(34)}/send')`,
      'telegram-bot-token',
    ],
    [
      'Discord webhook',
      'a.ts',
      `https://discord.com/api/webhooks/${random(18, '123456789')}/${random(68)}`,
      'discord-webhook',
    ],
    ['OpenAI', 'a.ipynb', `"sk·-proj-${random(74)}T3BlbkFJ${random(74)}"`, 'openai/OPENAI_TOKEN'],
    ['Anthropic', 'a.ts', `"sk·-ant-api03-${random(93)}AA"`, 'anthropic/ANTHROPIC_API_KEY'],
    [
      'Hugging Face',
      'a.py',
      `"h·f_${random(34, lower + lower.toUpperCase())}"`,
      'huggingface/HUGGINGFACE_USER_ACCESS_TOKEN',
    ],
    ['New Relic', 'a.ts', `"NR·AK-${random(27, base32)}"`, 'new-relic-key'],
    ['Datadog', 'a.yaml', `dd_api_key: ${hex(32)}`, 'datadog-key'],
    ['Sentry', 'a.ts', `"sn·tryu_${hex(64)}"`, 'sentry-token'],
    ['Grafana', 'a.ts', `"gl·sa_${random(32)}_${hex(8)}"`, 'grafana/GRAFANA_SERVICE_ACCOUNT_TOKEN'],
    ['Vault', 'a.hcl', `token = "hv·s.${random(95)}"`, 'hashicorp-vault/HASHICORP_VAULT_SERVICE_TOKEN'],
    ['Terraform Cloud', '.terraformrc', `token = "${random(14)}.at·lasv1.${random(64)}"`, 'terraform-cloud-token'],
    ['Pulumi', 'a.sh', `PULUMI=pu·l-${hex(40)}`, 'pulumi-token'],
    ['Doppler', 'a.sh', `dp·.pt.${random(43)}`, 'doppler-token'],
    ['Databricks', 'a.py', `"da·pi${hex(32)}"`, 'databricks/DATABRICKS_PERSONAL_ACCESS_TOKEN'],
    ['age', 'key.txt', `AGE·-SECRET-KEY-1${random(58, 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L')}`, 'age-secret-key'],
    ['RSA key', 'id.pem', pem('RSA ', `MII${random(61)}\n${random(64)}\n${random(64)}`), 'privatekey/PrivateKey'],
    ['key in JSON', 'sa.json', JSON.stringify({ k: pem('', `MII${random(125)}`) }), 'privatekey/PrivateKey'],
    ['JWK', 'jwk.json', `{"kty":"EC","crv":"P-256","d":"${random(43)}"}`, 'jwk-private-key'],
    [
      'PostgreSQL URL',
      'a.ts',
      `postgres://app:${random(16)}@db.acme.io:5432/app`,
      'database-connection-string/PostgreSQLConnection',
    ],
    [
      'MongoDB URL',
      'a.ts',
      `'mongodb+srv://app:${random(16)}@c0.acme.mongodb.net/app'`,
      'database-connection-string/MongoDBConnection',
    ],
    ['Redis URL', '.env', `REDIS_URL=rediss://default:${random(32)}@cache.acme.io:6380`, 'redis-url'],
    ['password in URL', '.gitmodules', `url = https://ci:${random(20)}@git.acme.io/x.git`, 'basicauth/BasicAuth'],
    ['JWT', 'a.http', `Cookie: s=ey·J${random(20)}.ey·J${random(60)}.${random(43)}`, 'json-web-token'],
    ['bearer', 'a.sh', `curl -H "Authorization: Bearer ${random(40)}" https://api.acme.io`, 'authorization-header'],
    ['curl login', 'a.sh', `curl -u deploy:${random(18)} https://api.acme.io`, 'curl-user'],
    ['Postmark', '.env', `POSTMARK_SERVER_TOKEN=${uuid()}`, 'postmark-token'],
    ['generic quoted', 'a.ts', `const apiKey = '${random(31)}7'`, 'generic-secret'],
    ['generic setting', 'prod.env', `SESSION_SECRET=${random(39)}7`, 'generic-secret'],
    ['generic YAML', 'values.yaml', `db:\n  password: ${random(19)}7`, 'generic-secret'],
    ['generic JSON', 'a.json', `{ "client_secret": "${random(35)}7" }`, 'generic-secret'],
    ['Dockerfile', 'Dockerfile', `FROM scratch\nENV API_TOKEN="${random(29)}7"`, 'generic-secret'],
    ['password with punctuation', 'a.properties', `db.password=k9!fQ2$wL7^pZ4x`, 'generic-secret'],
  ]
}

const digestsAndPlaceholders = (random: Random): Rows => {
  const hex = (length: number): string => random(length, hexDigits)
  const uuid = (): string => uuidOf(random)
  return [
    ['uuid', 'a.ts', `const id = '${uuid()}'`],
    ['uuid in a URL', 'a.md', `https://acme.io/orders/${uuid()}`],
    ['commit id', 'a.md', `Fixed in ${hex(40)}.`],
    ['SHA-256', 'SHA256SUMS', `${hex(64)}  sluice.tar.gz`],
    ['SHA-512 of a lockfile', 'package-lock.json', `{"integrity": "sha512-${random(86)}=="}`],
    ['integrity in yarn', 'yarn.lock', `  integrity sha512-${random(86)}==`],
    ['checksum in Berry', 'yarn.lock', `  checksum: 10c0/${hex(128)}`],
    ['resolution in pnpm', 'pnpm-lock.yaml', `    resolution: {integrity: sha512-${random(86)}==}`],
    ['go.sum', 'go.sum', `golang.org/x/sys v0.1.0 h1:${random(43)}=`],
    ['Cargo checksum', 'Cargo.lock', `checksum = "${hex(64)}"`],
    ['image digest', 'a.yaml', `image: acme/app@sha256:${hex(64)}`],
    ['subresource integrity', 'a.html', `<script integrity="sha384-${random(64)}"></script>`],
    ['AWS example key', 'a.md', `AK·IAIOSFODNN7EXAMPLE`],
    ['AWS example secret', 'a.md', `aws_secret_access_key = wJalrXUtn·FEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`],
    ['AWS account id', 'a.tf', `account_id = "${random(12, digits)}"`],
    ['ARN', 'a.tf', `secret_arn = "arn:aws:secretsmanager:eu-west-1:${random(12, digits)}:secret:db-${random(6)}"`],
    ['env reference', 'a.ts', `const token = process.env.API_TOKEN ?? ''`],
    ['env template', 'a.yaml', `password: \${DB_PASSWORD}`],
    ['GitHub expression', 'a.yml', `token: \${{ secrets.GITHUB_TOKEN }}`],
    ['Helm template', 'a.yaml', `password: {{ .Values.db.password | quote }}`],
    ['shell variable', 'a.sh', `curl -H "Authorization: Bearer $TOKEN" https://acme.io`],
    ['curl with variables', 'a.sh', `curl -u "$USER:$PASSWORD" https://acme.io`],
    ['angle brackets', 'a.md', `export API_KEY=<your-api-key-goes-here-1>`],
    ['your key here', '.env.example', `API_KEY=your_api_key_here_123`],
    ['change me', '.env.sample', `SECRET_KEY=changeme-0123456789`],
    ['x', '.env.example', `STRIPE_KEY=sk·_live_xxxxxxxxxxxxxxxxxxxxxxxx`],
    ['GitHub placeholder', 'a.md', `gh·p_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`],
    ['zeros', 'a.md', `token = "gh·p_000000000000000000000000000000000000"`],
    ['sequence', 'a.ts', `apiKey: 'abcdefghijklmnop123456789'`],
  ]
}

const namesAndUrls = (random: Random): Rows => {
  const hex = (length: number): string => random(length, hexDigits)
  return [
    ['localhost database', 'a.ts', `postgres://postgres:postgres@localhost:5432/app`],
    ['localhost with a password', 'a.ts', `postgres://app:${random(12)}@127.0.0.1:5432/app`],
    ['database of a container', 'compose.yml', `DATABASE_URL: postgres://postgres:postgres@db:5432/app`],
    ['example host', 'a.md', `https://user:${random(12)}@example.com/path`],
    ['tutorial password', 'a.md', `https://user:password@acme.io/`],
    ['database without login', 'a.ts', `mongodb://db.acme.io:27017/app`],
    ['redis without login', 'a.ts', `redis://cache.acme.io:6379`],
    ['public key', 'a.pem', `-----BEGIN PUBLIC KEY-----\n${random(64)}\n-----END PUBLIC KEY-----`],
    ['certificate', 'a.pem', `-----BEGIN CERTIFICATE-----\nMII${random(61)}\n-----END CERTIFICATE-----`],
    ['ssh public key', 'authorized_keys', `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${random(43)} ada@acme`],
    ['empty key block', 'a.md', `-----BEGIN RSA PRIVATE· KEY-----\n...\n-----END RSA PRIVATE· KEY-----`],
    ['Stripe publishable', 'a.ts', `const key = 'p·k_live_${random(24)}'`],
    ['public token name', 'a.ts', `const publicKey = '${random(40)}'`],
    ['CSRF token field', 'a.html', `<input name="csrf_token" value="${random(32)}">`],
    ['header name', 'a.ts', `const tokenHeader = 'x-request-token-2'`],
    ['secret name', 'a.yaml', `secretName: orders-db-credentials-v2`],
    ['path of a key', 'a.yaml', `private_key_file: /etc/ssl/private/app1.key`],
    ['password field type', 'a.tsx', `<input type="password" name="password1" autoComplete="new-password" />`],
    ['translation', 'de.json', `{ "password": "Passwort vergessen? Hier klicken" }`],
    ['error sentence', 'a.ts', `const error = { token: 'expected a token at line 12' }`],
    ['type annotation', 'a.ts', `type Login = { password: string; token: number[] }`],
    ['call', 'a.ts', `const secret = await readSecret('orders/db', 2)`],
    ['member', 'a.py', `password = config["database"]["password_v2"]`],
    ['template literal', 'a.ts', 'const token = `${prefix}-${id}-${nonce1}`'],
    ['tokens of a model', 'a.py', `max_tokens = 1000000000`],
    ['token list', 'a.ts', `const tokens = ['identifier1', 'whitespace2']`],
    ['CSS token', 'a.css', `--token-color-primary-500: #3f51b5ff;`],
    ['base64 image', 'a.css', `url(data:image/png;base64,iVBORw0KGgo${random(120)}==)`],
    ['minified code', 'a.min.js', `function a(b){return b.${random(6)}["${random(12)}"]}var k="${random(20)}"`],
    ['regex of a secret', 'a.ts', String.raw`const pattern = /ghp_[A-Za-z0-9]{36}/g`],
    ['prefix alone', 'a.ts', `if (value.startsWith('gh·p_')) warn('that is a token')`],
    ['JWT header alone', 'a.md', `ey·JhbGciOiJIUzI1NiJ9`],
    ['etag', 'a.http', `ETag: "${hex(32)}"`],
    ['trace id', 'a.log', `trace_id=${hex(32)} span_id=${hex(16)}`],
    ['nonce', 'a.html', `<script nonce="${random(22)}==">`],
    ['timestamp', 'a.env', `TOKEN_ISSUED=2026-09-01T12:00:00.000Z`],
    ['vault reference', 'a.yaml', `password: vault:secret/data/orders#password1`],
    ['1Password reference', 'a.env', `API_TOKEN=op://production/orders-1/token`],
    ['URL of an endpoint', 'a.env', `TOKEN_ENDPOINT=https://id.acme.io/oauth2/v2.0/token`],
    ['version', 'a.toml', `token-crate = "1.2.3-beta.45678"`],
    ['phone number', 'a.csv', `password reset hotline,+49 30 1234567`],
  ]
}
