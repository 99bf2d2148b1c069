import { $, h, heading, say } from './dom.js'
import { fromNow, fullDate } from './time.js'
import { send, url, whenEnded } from './api.js'
import { explained } from './scopes.js'

// The sealed request that the service showed, which an approval sends back.
let asked

const nothingBut = id => {
  for (const part of ['consent-in', 'consent-form', 'consent-done']) $(part).hidden = part !== id
}

const accessOf = scopes => scopes?.map(scope => h('p', null, h('code', null, scope), explained[scope] && ` ${explained[scope]}`)) ??
  ['Everything that you can do']

function showRequest(request) {
  asked = request
  const { user } = request
  $('consent-code').textContent = request.shortCode
  $('consent-user').textContent = [user.name, user.username ?? user.email].filter(part => part).join(', ')
  $('consent-description').textContent = request.description
  $('consent-access').replaceChildren(...accessOf(request.scopes))
  $('consent-end').textContent = `${fromNow(request.expiresAt)}, on ${fullDate(request.expiresAt)}`
  $('consent-paste').hidden = !request.pasted
  nothingBut('consent-form')
}

// finish ends the page, so that nothing can be sent twice.
function finish(message, part) {
  asked = null
  nothingBut(part)
  $('consent-lead').textContent = message
  heading('consent').focus()
}

// The browser goes to a port of this machine, where the command waits. Its address comes from the service, which names no other machine.
function answer(location, message) {
  finish(message)
  if (location) window.location.assign(location)
}

async function approveRequest(event) {
  event.preventDefault()
  const form = $('consent-form'), error = $('consent-error')
  if (form.ariaBusy === 'true' || !asked) return
  error.textContent = ''
  form.ariaBusy = 'true'
  try {
    const { location, code } = await send('POST', 'ui/cli/request', { body: { request: asked.request } })
    if (code) {
      finish('Paste this code into your terminal within a minute.', 'consent-done')
      $('consent-pasted').value = code
    } else answer(location, 'Approved. Return to your terminal.')
  } catch (failure) {
    error.textContent = failure.message
  }
  form.ariaBusy = 'false'
}

async function copyCode() {
  await navigator.clipboard.writeText($('consent-pasted').value)
  $('consent-copied').textContent = 'Copied.'
}

async function askConsent() {
  try {
    showRequest(await send('GET', `ui/cli/request${window.location.search}`))
  } catch (failure) {
    if (failure.status === 401) nothingBut('consent-in')
    else say(failure.message)
  }
}

whenEnded(() => nothingBut('consent-in'))
$('consent-sign-in').onclick = () => window.location.assign(url(`ui/login?next=${encodeURIComponent(`/ui/cli${window.location.search}`)}`))
$('consent-form').onsubmit = approveRequest
$('consent-deny').onclick = () => answer(asked?.denyLocation, 'Denied. No token was created.')
$('consent-copy').onclick = () => copyCode().catch(() => $('consent-pasted').select())
addEventListener('pagehide', () => { $('consent-pasted').value = '' })
askConsent()
