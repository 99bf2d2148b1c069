import { $, heading } from './dom.js'
import { url } from './api.js'

const dialog = $('secret')

// showSecret shows a new secret, once. Nothing keeps it when the dialog has closed.
export function showSecret({ description, secret }, title, more) {
  heading('secret').textContent = title
  dialog.querySelector('.warning').textContent = `This is the only time it is shown. ${more}`
  dialog.querySelector('details').open = false
  $('secret-name').textContent = description
  $('value').value = secret
  $('curl').textContent = `curl '${url('api/admin/user')}' -H 'Authorization: Bearer ${secret}'`
  dialog.showModal()
  $('copy').focus()
}

const wipe = () => { $('value').value = $('curl').textContent = $('copied').textContent = '' }

// The clipboard needs HTTPS or a server on this machine. Elsewhere the text is selected and copied in the old way.
async function copy(element) {
  let copied = true
  try {
    await navigator.clipboard.writeText(element.value ?? element.textContent)
  } catch {
    if (element.select) element.select()
    else getSelection().selectAllChildren(element)
    copied = document.execCommand('copy')
  }
  $('copied').textContent = copied ? 'Copied.' : 'Press Ctrl+C or ⌘C to copy it.'
}

export function startSecret() {
  $('copy').onclick = () => copy($('value'))
  $('copy-curl').onclick = () => copy($('curl'))
  dialog.querySelector('.buttons button').onclick = () => { wipe(); dialog.close() }
  dialog.oncancel = event => event.preventDefault()
  // Chromium closes a dialog on a second Esc whatever its cancel event does, unless the key is taken.
  dialog.onkeydown = event => { if (event.key === 'Escape') event.preventDefault() }
  dialog.onclose = wipe
  addEventListener('pagehide', () => { dialog.close(); wipe() })
}
