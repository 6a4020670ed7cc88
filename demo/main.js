import { listTabs, onMessage, report, tab, tell } from './bus.js'
import { mountCallsPanel } from './calls-panel.js'
import { mountCookiesPanel } from './cookies-panel.js'
import { $, sentenceOf } from './dom.js'
import { mountFaultsPanel } from './faults-panel.js'
import { mountHistoryPanel } from './history-panel.js'
import { mountIdleDialog } from './idle-dialog.js'
import { createLog } from './log.js'
import { mountServerPanel } from './server-panel.js'
import { startPolling } from './server-state.js'
import { mountSessionPanel } from './session-panel.js'
import { logOut, session, shared, tokenless, wasAsked } from './session.js'
import { watchSignOuts } from './signouts.js'
import { showStatus } from './status.js'
import { mountTabsPanel } from './tabs-panel.js'
import { createTimeline } from './timeline.js'

document.title = `Tab ${tab} · latchkey demo`
$('tabs-title').textContent = `Tabs (this is tab ${tab})`

const log = createLog($('log'), tab)
const timeline = createTimeline($('timeline'), tab, tokenless ? 'Renewal' : 'Token')
if (tokenless) {
  $('timeline-title').textContent = 'Renewals over time'
  $('legend-life').textContent = 'a renewal'
}

onMessage((message) => {
  const { type, source, until } = message
  if (type === 'storage') return location.reload()
  if (type === 'frame') return
  log.show(message)
  if (type === 'hello' && until) timeline.follow(message)
  if (['login', 'refresh', 'change'].includes(type)) {
    if (source === 'local') timeline.token(message, shared)
    else timeline.follow(message)
  }
  if (type === 'logout' && (source === 'local' || message.tab === tab)) timeline.end(message)
})

const showTabs = async () => timeline.setTabs(await listTabs())
setInterval(showTabs, 2000)
showTabs()

addEventListener('unhandledrejection', (event) => log.say('error', sentenceOf(event.reason)))
addEventListener('error', (event) => log.say('error', sentenceOf(event.error ?? event)))

const draw = mountSessionPanel({ tell })
mountCallsPanel()
mountFaultsPanel({ tabs: mountTabsPanel({ onMessage }), log })
mountServerPanel()
mountHistoryPanel()
mountCookiesPanel()
mountIdleDialog(session, logOut)
report(session)
watchSignOuts(session, { wasAsked, lasts: shared })
startPolling()
showStatus(session, { onChange: draw })
$('clear-log').onclick = log.clear
