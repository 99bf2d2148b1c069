import { $, button, h, heading, say } from './dom.js'
import { config, loadPage } from './api.js'
import { revokeToken } from './confirm.js'
import { byEnd, tokenRow } from './tokens.js'
import { nameOf } from './users.js'

// query returns the filters that are set.
function query() {
  const chosen = new URLSearchParams({ limit: 100 })
  for (const { name, type, value } of $('filter').elements) {
    if (value) chosen.set(name, type === 'date' ? new Date(`${value}T00:00`).toISOString() : value)
  }
  return `?${chosen}`
}

export const loadEverybody = () => loadPage('all-list', 'more-tokens', 'tokens', query(), true, ({ tokens }) => tokens.sort(byEnd).map(anyRow))

function anyRow(token, _, tokens) {
  const { id, userId, user } = token, owner = nameOf(user ?? { id: userId })
  const revoke = button('Revoke', () => revokeToken(token, `user-admin/${userId}/tokens/${id}`, owner, () => {
    item.remove()
    heading('everybody').focus()
    say(`“${token.description}” of ${owner} revoked.`)
  }), 'bad')
  const item = tokenRow(token, tokens.filter(other => other.userId === userId), owner, [revoke])
  return item
}

export function startEverybody() {
  $('scope').append(...config.scopes.map(({ name }) => h('option', null, name)))
  $('filter').onsubmit = event => {
    event.preventDefault()
    loadEverybody()
  }
}
