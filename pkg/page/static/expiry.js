import { $, h, pills } from './dom.js'
import { config } from './api.js'
import { DAY, MINUTE, dayOf, fullDate, shortDate } from './time.js'

// expiry fills a group with the lifetimes that are allowed, and a choice to keep the present end if there is one. end returns the end, or
// undefined to keep it; state is what was chosen.
export function expiry(name, kept) {
  const most = config.maxTokenDays || 3650, group = `${name}-expiry`
  const lives = [7, 30, 90, 365].filter(days => days < most)
  if (config.maxTokenDays) lives.push(most)
  const options = lives.map(days => [`${days}`, days === 365 ? '1 year' : `${days} day${days > 1 ? 's' : ''}`])
  if (kept) options.unshift(['', `Keep ${shortDate(kept)}`])
  const date = h('input', { type: 'date', ariaLabel: 'Date', min: dayOf(Date.now()), max: dayOf(Date.now() + most * DAY), onchange: show })
  const choice = pills(group, [...options, ['date', 'Date…']], kept ? '' : `${lives.includes(30) ? 30 : lives[0]}`, show)
  $(group).append(date)

  // A minute is left for clocks that differ.
  function end() {
    if (!choice()) return undefined
    const wanted = choice() === 'date' ? new Date(`${date.value}T23:59:59`).getTime() : Date.now() + choice() * DAY
    if (!wanted) throw new Error('Choose a date.')
    return new Date(Math.min(wanted, Date.now() + most * DAY - MINUTE)).toISOString()
  }

  function show() {
    date.hidden = choice() !== 'date'
    $(`${name}-end`).textContent = date.hidden || date.value ? `Ends on ${fullDate(end() ?? kept)}.` : 'Choose a date.'
  }

  show()
  return { end, state: () => choice() + date.value }
}
