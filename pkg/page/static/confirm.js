import { $, ask, heading } from './dom.js'
import { call } from './api.js'
import { fromNow, isOver } from './time.js'

// confirm asks whether to do something. Its buttons are those that change nothing and something, in this order.
export function confirm(title, text, [no, yes], submit, done) {
  const buttons = $('confirm').querySelectorAll('.buttons button')
  heading('confirm').textContent = title
  $('confirm-text').textContent = text
  $('descendants').parentElement.hidden = yes !== 'Revoke'
  $('descendants').checked = false
  buttons[0].textContent = no
  buttons[1].textContent = yes
  buttons[1].className = 'danger'
  ask('confirm', submit, done, buttons[0])
}

// revokeToken asks whether to revoke the token at path.
export function revokeToken(token, path, owner, done) {
  const used = token.seenAt ? `It was last used ${fromNow(token.seenAt)}.` : 'It was never used.'
  const broken = isOver(token) ? 'It has expired, so nothing stops working.' : 'Programs that use it stop working at once. This cannot be undone.'
  confirm(`Revoke “${token.description}”${owner && ` of ${owner}`}?`, `${used} ${broken}`, ['Keep it', 'Revoke'],
    () => call('DELETE', path + ($('descendants').checked ? '?descendants=true' : '')), done)
}
