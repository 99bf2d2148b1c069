import { $, frame, heading, say } from './dom.js'
import { attempt, call, config, me, send, url, useToken, usesToken, whenEnded } from './api.js'
import { loadEverybody, startEverybody } from './everybody.js'
import { startSecret } from './secret.js'
import { loadTokens, startTokens } from './tokens.js'
import { loadUsers, nameOf, startUsers } from './users.js'

const views = { tokens: loadTokens, users: loadUsers, everybody: loadEverybody }
let signedIn = false

function show(view) {
  for (const section of document.querySelectorAll('section')) section.hidden = section.id !== view
  for (const tab of $('nav').children) tab.ariaCurrent = tab.dataset.view === view ? 'page' : null
  heading(view).focus()
  return views[view]?.()
}

function welcome(byToken) {
  $('provider').hidden = byToken
  $('paste').hidden = !byToken
  $('use-provider').hidden = !config.signIn
  show('welcome')
  if (byToken) $('pasted').focus()
}

// enter shows the user's tokens, unless the token or session is refused.
async function enter() {
  const { user, permissions } = usesToken() ? await call('GET', 'user') : await send('GET', 'ui/session')
  me.user = user
  me.admin = permissions ? permissions.some(({ permission }) => permission === 'ADMIN') : user.rootRole === 1
  me.self = usesToken() && await call('GET', 'user/tokens/self').catch(() => null)
  signedIn = true
  $('who').textContent = nameOf(user)
  $('account').hidden = false
  $('nav').hidden = !me.admin
  $('elsewhere').hidden = usesToken()
  say('')
  show('tokens')
}

// leave forgets who has signed in, and all that was shown to them.
function leave(message) {
  signedIn = false
  useToken('')
  me.user = me.self = me.admin = null
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close()
  for (const list of document.querySelectorAll('ul')) list.replaceChildren()
  $('count').textContent = $('who').textContent = ''
  $('account').hidden = $('nav').hidden = true
  welcome(!config.signIn)
  say(message)
}

async function paste(event) {
  event.preventDefault()
  const field = $('pasted'), error = $('paste-error'), text = field.value.trim()
  error.textContent = ''
  try {
    if (!/^[!-~]+$/.test(text)) throw new Error('Paste a whole token.')
    useToken(text)
    await enter()
    field.value = ''
  } catch (failure) {
    useToken('')
    error.textContent = failure.message
  }
}

// signOut ends this session, or with the query ?everywhere=true all of the user's.
const signOut = query => attempt(async () => {
  if (!usesToken()) await send('POST', `ui/sign-out${query}`, { body: {} })
  leave('You have signed out.')
})

function listen() {
  whenEnded(() => {
    if (signedIn) leave(usesToken() ? 'The token that you signed in with has stopped working.' : 'Your session has ended. Sign in again.')
  })
  for (const tab of $('nav').children) tab.onclick = () => { say(''); show(tab.dataset.view) }
  $('provider-in').onclick = () => location.assign(url('ui/login'))
  $('use-token').onclick = () => welcome(true)
  $('use-provider').onclick = () => welcome(false)
  $('paste').onsubmit = paste
  $('sign-out').onclick = () => signOut('')
  $('sign-out-all').onclick = () => signOut('?everywhere=true')
  // Another tab may have changed the tokens.
  document.addEventListener('visibilitychange', () => {
    if (signedIn && !document.hidden && !$('tokens').hidden && !document.querySelector('dialog[open]')) loadTokens()
  })
  addEventListener('pagehide', () => { if (usesToken()) leave('') })
}

document.querySelectorAll('dialog').forEach(frame)
$('logo').src = document.querySelector('link').href
listen()
startSecret()
startTokens()
startUsers()
startEverybody()
if (config.signIn) enter().catch(() => welcome(false))
else welcome(true)
