import { $, h, say } from './dom.js'

// config is what the page knows before anybody has signed in.
export const config = JSON.parse(document.querySelector('meta[name=pats]').content)

// me is who has signed in: the user, whether they are an Admin, and the token presented, if one was.
export const me = {}

// The pasted token is kept here and nowhere else. Without one, a session's cookie is sent, and the API is under ui/.
let token = ''
let ended

export const usesToken = () => token !== ''
export const useToken = text => { token = text }
export const whenEnded = callback => { ended = callback }

export const url = path => new URL(path, document.baseURI).href

// A failure is lost if the server may have carried the request out although no answer says so.
const problem = (message, status, lost) => Object.assign(new Error(message), { status, lost })

const newKey = () => crypto.getRandomValues(new Uint8Array(16)).join('-')

// call sends a request to the API, and again if its answer is lost and it may be repeated. It returns the body of the answer, and calls
// next with the query of the next page.
export async function call(method, path, options = {}) {
  const tries = method === 'POST' && !options.key ? 1 : 4
  for (let i = 1; ; i++) {
    try {
      return await send(method, `${token ? '' : 'ui/'}api/admin/${path}`, options)
    } catch (failure) {
      if (!failure.lost || i === tries) throw failure
      await new Promise(resolve => setTimeout(resolve, 250 * 2 ** i))
    }
  }
}

export async function send(method, path, { body, key, next } = {}) {
  const headers = { 'Content-Type': 'application/json' }
  if (token) headers.Authorization = `Bearer ${token}`
  if (key) headers['Idempotency-Key'] = key
  let response, text
  try {
    response = await fetch(url(path), {
      method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(25000),
    })
    text = await response.text()
  } catch {
    throw problem('The server did not answer. Try again.', 0, true)
  }
  if (!response.ok) throw refusal(response.status, text)
  next?.(/<(\?[^>]*)>; rel="next"/.exec(response.headers.get('Link'))?.[1])
  return text && JSON.parse(text)
}

function refusal(status, text) {
  if (status === 401) ended()
  if (status === 429 || status > 499) return problem('The service is busy. Try again in a moment.', status, true)
  try {
    return problem(JSON.parse(text).details.map(detail => detail.message).join(' '), status)
  } catch {
    return problem(`The service refused this (${status}).`, status)
  }
}

// repeatable returns a function that sends a change. What is sent again after a lost answer has the same key and body, so it is carried
// out once; state tells whether it is the same.
export function repeatable(path) {
  let sent
  return async (state, body) => {
    if (sent?.state !== state) sent = { state, body, key: newKey() }
    try {
      return await call('POST', path, sent)
    } catch (failure) {
      if (!failure.lost) sent = null
      throw failure
    }
  }
}

// attempt runs something outside a dialog, and shows its error.
export async function attempt(run) {
  try {
    await run()
  } catch (failure) {
    if (failure.status !== 401) say(failure.message)
  }
}

// fill loads a list.
export async function fill(list, load) {
  $(list).ariaBusy = 'true'
  await attempt(load)
  $(list).ariaBusy = 'false'
}

// loadPage loads a page of a list that takes several, and shows it with row, after those before it.
export function loadPage(list, button, path, query, first, rowsOf) {
  return fill(list, async () => {
    let more
    const rows = rowsOf(await call('GET', path + query, { next: link => { more = link } }))
    if (first) $(list).replaceChildren(...rows)
    else $(list).append(...rows)
    if (!$(list).children.length && !more) $(list).append(h('li', null, 'Nothing matches.'))
    $(button).hidden = !more
    $(button).onclick = () => loadPage(list, button, path, more, false, rowsOf)
  })
}
