import { $, h, pills } from './dom.js'
import { config, me } from './api.js'

export const explained = {
  'pats:read': 'See your tokens',
  'pats:write': 'Create, rotate and revoke your tokens',
  'tokens:introspect': 'Check others’ tokens',
  'users:read': 'See users',
  'users:write': 'Create and change users',
}

// Scopes with the role 1 are for Admins. A token with scopes can give no others.
const canGive = ({ name, role }) => (me.admin || role > 1) && (me.self?.scopes ?? [name]).includes(name)

const checkbox = ({ name }) => h('label', { className: 'check' }, h('input', { type: 'checkbox', value: name }),
  h('span', null, h('code', null, name), explained[name] && h('small', null, explained[name])))

// pickScopes fills the form, and returns a function that returns the chosen scopes, or undefined for full access.
export function pickScopes() {
  const options = [['some', 'Only what I choose']]
  if (!me.self?.scopes) options.unshift(['all', 'Everything I can do'])
  const list = $('scopes'), choice = pills('access', options, options[0][0], show)
  list.replaceChildren(...config.scopes.filter(canGive).map(checkbox))
  function show() {
    list.hidden = choice() === 'all'
  }
  show()
  return () => {
    if (list.hidden) return undefined
    const scopes = [...list.querySelectorAll(':checked')].map(input => input.value)
    if (!scopes.length) throw new Error('Choose at least one scope.')
    return scopes
  }
}

export const scopeChips = scopes => h('div', { className: 'chips' },
  ...(scopes?.map(scope => h('code', null, scope)) ?? [h('span', null, 'Full access')]))
