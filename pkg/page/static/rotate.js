import { ask, heading, pills, say } from './dom.js'
import { me, repeatable, useToken } from './api.js'
import { expiry } from './expiry.js'
import { showSecret } from './secret.js'

const overlaps = [['0', 'at once'], ['300', 'in 5 minutes'], ['3600', 'in 1 hour'], ['86400', 'in 1 day']]

export function rotateToken(token, rotated) {
  heading('rotate').textContent = `Rotate “${token.description}”?`
  // With the token presented, a repetition needs the old secret to work for a while.
  const inUse = me.self?.id === token.id
  const overlap = pills('overlap', inUse ? overlaps.slice(1) : overlaps, '300')
  const ends = expiry('rotate', token.expiresAt), send = repeatable(`user/tokens/${token.id}/rotate`)
  const submit = () => send(overlap() + ends.state(), { overlapSeconds: +overlap(), expiresAt: ends.end() })
  ask('rotate', submit, renewed => {
    if (inUse) useToken(renewed.secret)
    showSecret(renewed, 'Copy the new secret now', `The old one stops working ${overlaps.find(([seconds]) => seconds === overlap())[1]}.`)
    say(`“${token.description}” rotated.`)
    rotated()
  })
}
