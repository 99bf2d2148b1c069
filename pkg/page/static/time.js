import { h } from './dom.js'

export const MINUTE = 60000
export const DAY = 1440 * MINUTE

export const isOver = token => Date.parse(token.expiresAt) <= Date.now()

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const units = [['year', 365], ['month', 30], ['day', 1], ['hour', 1 / 24], ['minute', 1 / 1440]]

// fromNow returns a time in words, such as "in 8 days" or "yesterday".
export function fromNow(at) {
  const left = (Date.parse(at) - Date.now()) / DAY
  const [unit, length] = units.find(([unit, length]) => Math.abs(left) >= length * (length > 1 ? 2 : 1)) ?? []
  return unit ? relative.format(Math.round(left / length), unit) : left > 0 ? 'in a moment' : 'just now'
}

export const fullDate = at => new Date(at).toLocaleString('en', { dateStyle: 'full', timeStyle: 'short' })
export const shortDate = at => new Date(at).toLocaleDateString('en', { dateStyle: 'medium' })

// when returns an element with a time in words, and in full as its title.
export const when = at => h('time', { dateTime: at, title: fullDate(at) }, fromNow(at))

// dayOf returns a date as the value of a date field, which is how Swedes write it.
export const dayOf = at => new Date(at).toLocaleDateString('sv')
