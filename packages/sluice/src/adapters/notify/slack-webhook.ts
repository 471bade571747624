import type { Send } from './channel.ts'
import { addressOf, ask, judgeStatus, refused } from './request.ts'
import { slackMessage } from './slack-blocks.ts'

/**
 * Slack by an incoming webhook: each notice is a message of its own, since it gives back nothing to find it by. It answers `ok` in plain text, or one word that says why not.
 * <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>, read in November 2026.
 */
export const sendSlackWebhook: Send<'slackWebhook'> = async ({ channel, notice }, tools, signal) => {
  const receiver = 'the Slack webhook'
  const url = addressOf(receiver, await tools.secret(channel.url, signal), 'secret')
  if (!(url instanceof URL)) return url
  const body = JSON.stringify({ ...slackMessage(notice), unfurl_links: false, unfurl_media: false })
  const headers = { 'user-agent': `Sluice/${tools.version}` }
  const answer = await ask({ receiver, url, method: 'POST', headers, body, deadlineMs: tools.callDeadlineMs }, signal)
  if (answer.status !== 'answered') return answer
  const judged = judgeStatus(receiver, answer)
  if (judged !== null) return judged
  return answer.text.trim() === 'ok'
    ? { status: 'delivered', receipt: {} }
    : refused(`${receiver} answers ${answer.code}, but not with ok: is it Slack's address?`)
}
