import { onMessage, report, tab, tell } from './bus.js'
import { $, answerOf, runWith } from './dom.js'
import { callsUrl, logIn, logOut, session, shared, wasAsked } from './session.js'
import { watchSignOuts } from './signouts.js'
import { showStatus } from './status.js'

const run = runWith($('result'))
document.title = `Tab ${tab}`
$('title').textContent = `Tab ${tab}`
document.body.classList.add(`lane-${((tab - 1) % 8) + 1}`)

onMessage(({ type }) => {
  if (type === 'storage') location.reload()
})
tell({ type: 'frame', frame: new URLSearchParams(location.search).get('frame') })
report(session)
watchSignOuts(session, { wasAsked, lasts: shared })
showStatus(session, {
  onChange: ({ status }) => {
    const signedIn = status === 'authenticated'
    for (const id of ['call', 'refresh', 'logout']) $(id).hidden = !signedIn
    $('login').hidden = status !== 'anonymous'
  },
})

$('call').onclick = ({ target }) => run(async () => {
  const { name } = await answerOf(await session.fetch(`${callsUrl}/me`))
  return `200, ${name}.`
}, target)
$('refresh').onclick = ({ target }) => run(async () => {
  await session.refresh()
  return 'Refreshed.'
}, target)
$('logout').onclick = ({ target }) => run(() => logOut(), target)
$('login').onclick = ({ target }) => run(() => logIn('alice', 'wonderland'), target)
