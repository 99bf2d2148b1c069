import { $, button, h, heading, say } from './dom.js'
import { call, config, fill, me } from './api.js'
import { DAY, isOver, when } from './time.js'
import { revokeToken } from './confirm.js'
import { createToken } from './create.js'
import { rotateToken } from './rotate.js'
import { scopeChips } from './scopes.js'

export const badge = (kind, text) => h('span', { className: `badge ${kind}` }, text)

function state(token) {
  if (isOver(token)) return badge('bad', 'Expired')
  return Date.parse(token.expiresAt) < Date.now() + 14 * DAY ? badge('warn', 'Expires soon') : badge('good', 'Active')
}

// maker returns who created a token, as far as the API says it.
function maker({ createdBy, userId, scopes }, others) {
  if (!createdBy) return scopes && ' by an operator'
  if (createdBy.userId !== userId) return ` by user ${createdBy.userId}`
  if (!createdBy.tokenId) return ' on this page'
  const found = others.find(({ id }) => id === createdBy.tokenId)
  return found ? ` with “${found.description}”` : ' with a token that was revoked'
}

// row returns a list item. Its buttons are described by its name.
export function row(id, name, over, facts, chips, controls) {
  for (const control of controls) control.setAttribute('aria-describedby', id)
  return h('li', { className: over ? 'over' : '' },
    h('div', null, h('strong', { id }, name), h('div', { className: 'facts' }, ...facts), chips),
    h('div', { className: 'actions' }, ...controls))
}

// tokenRow returns a list item for one of the tokens in others.
export function tokenRow(token, others, owner, controls) {
  const { id, userId, seenAt, createdAt, expiresAt, rotatedAt } = token
  return row(`token-${userId}-${id}`, token.description, isOver(token), [
    state(token), me.self?.id === id && !owner && badge('', 'In use here'), token.exceedsMaxLifetime && badge('warn', 'Longer than allowed'),
    owner && h('span', null, owner),
    h('span', null, isOver(token) ? 'Expired ' : 'Expires ', when(expiresAt)),
    h('span', null, ...(seenAt ? ['Last used ', when(seenAt)] : ['Never used'])),
    h('span', null, 'Created ', when(createdAt), maker(token, others)),
    rotatedAt && h('span', null, 'Rotated ', when(rotatedAt)),
  ], scopeChips(token.scopes), controls)
}

export const byEnd = (a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt)

export const loadTokens = () => fill('list', async () => {
  const { pats } = await call('GET', 'user/tokens')
  $('count').textContent = pats.length ? `${pats.length} of ${config.maxTokens} tokens` : ''
  $('list').replaceChildren(...pats.sort(byEnd).map(token => ownRow(token, pats)))
  $('list').hidden = !pats.length
  $('empty').hidden = pats.length > 0
})

function ownRow(token, pats) {
  const revoke = button('Revoke', () => revokeToken(token, `user/tokens/${token.id}`, '', async () => {
    heading('tokens').focus()
    say(`“${token.description}” revoked.`)
    await loadTokens()
  }), 'bad')
  return tokenRow(token, pats, '', isOver(token) ? [revoke] : [button('Rotate', () => rotateToken(token, loadTokens)), revoke])
}

export function startTokens() {
  $('new').onclick = $('first').onclick = () => createToken(loadTokens)
}
