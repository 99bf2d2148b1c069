import { $, ask, button, h, pills, say } from './dom.js'
import { attempt, call, fill, loadPage, me } from './api.js'
import { confirm } from './confirm.js'
import { badge, row } from './tokens.js'

const roles = [['1', 'Admin'], ['2', 'Editor'], ['3', 'Viewer']]

export const nameOf = user => user.name || user.username || user.email || `User ${user.id}`

export const loadUsers = () => loadPage('user-list', 'more-users', 'user-admin', '?limit=50', true, ({ users }) => users.map(userRow))

// find shows the users who match. A search finds them without their roles, so each is read.
const find = text => fill('user-list', async () => {
  const found = await call('GET', `user-admin/search?q=${encodeURIComponent(text)}`)
  const users = await Promise.all(found.slice(0, 20).map(({ id }) => call('GET', `user-admin/${id}`)))
  $('user-list').replaceChildren(...users.map(userRow))
  if (!users.length) say('No user matches.')
  $('more-users').hidden = true
})

function userRow(user) {
  const name = nameOf(user), { disabled } = user
  const role = h('select', { ariaLabel: `Role of ${name}`, onchange: () => attempt(() => change({ rootRole: +role.value })) },
    ...roles.map(([value, label]) => h('option', { value, selected: +value === user.rootRole }, label)))
  const turn = button(disabled ? 'Enable' : 'Disable', () => disabled ? attempt(() => change({ disabled: false }))
    : confirm(`Disable ${name}?`, 'Tokens and sessions of this user stop working at once, until the user is enabled again.', ['Cancel', 'Disable'],
      () => change({ disabled: true }), () => {}))
  const item = row(`user-${user.id}`, name, disabled, [
    disabled && badge('bad', 'Disabled'), user.accountType === 'Service' && badge('', 'Service'), h('span', null, `ID ${user.id}`),
    user.username && h('span', null, user.username), user.email && h('span', null, user.email),
  ], '', me.user.id === user.id ? [role] : [role, turn])

  async function change(body) {
    let renewed = user
    try {
      renewed = await call('PUT', `user-admin/${user.id}`, { body })
      say(`${name} changed.`)
    } finally {
      item.replaceWith(userRow(renewed))
    }
  }
  return item
}

function createUser() {
  const fields = ['username', 'email', 'name'].map($), role = pills('role', roles, '3')
  for (const field of fields) field.value = ''
  const submit = () => {
    const body = { rootRole: +role() }
    for (const { id, value } of fields) if (value.trim()) body[id] = value.trim()
    return call('POST', 'user-admin', { body })
  }
  ask('user', submit, user => {
    say(`${nameOf(user)} created.`)
    $('user-list').prepend(userRow(user))
  }, fields[0])
}

export function startUsers() {
  $('new-user').onclick = createUser
  $('find').onsubmit = event => {
    event.preventDefault()
    const text = $('q').value.trim()
    return text ? find(text) : loadUsers()
  }
}
