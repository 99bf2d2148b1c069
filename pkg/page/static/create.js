import { $, ask, say } from './dom.js'
import { repeatable } from './api.js'
import { expiry } from './expiry.js'
import { pickScopes } from './scopes.js'
import { showSecret } from './secret.js'

export function createToken(created) {
  const scopes = pickScopes(), ends = expiry('create'), send = repeatable('user/tokens'), field = $('description')
  field.value = ''
  const submit = () => {
    const draft = { description: field.value.trim(), expiresAt: ends.end(), scopes: scopes() }
    if (!draft.description) throw new Error('Describe what will use the token.')
    return send(JSON.stringify([draft.description, draft.scopes, ends.state()]), draft)
  }
  ask('create', submit, token => {
    showSecret(token, 'Copy your token now', 'Whoever has it can act for you.')
    say(`“${token.description}” created.`)
    created()
  }, field)
}
