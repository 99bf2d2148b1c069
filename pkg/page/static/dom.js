export const $ = id => document.getElementById(id)

// h returns an element with properties or attributes, and children, of which those that are absent are left out.
export function h(tag, props, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name in element) element[name] = value
    else element.setAttribute(name, value)
  }
  element.append(...children.filter(child => child))
  return element
}

export const heading = id => $(id).querySelector('h1,h2')

export const button = (label, onclick, className = '') => h('button', { type: 'button', className, onclick }, label)

// say shows a message that screen readers announce.
export const say = message => { $('note').textContent = message }

// pills fills a group with radio buttons, and returns a function that returns the value of the one that is checked.
export function pills(group, options, checked, onchange) {
  $(group).replaceChildren(...options.map(([value, label]) => h('label', null,
    h('input', { type: 'radio', name: group, value, checked: value === checked, onchange }), h('span', null, label))))
  return () => $(group).querySelector(':checked').value
}

// frame puts a dialog's content into a form with its buttons, the last of which sends the form, and names the dialog by its heading.
export function frame(dialog) {
  const id = heading(dialog.id).id = `${dialog.id}-h`, buttons = dialog.dataset.buttons.split('|').map((label, i) =>
    i ? h('button', { className: 'main' }, label) : button(label, () => dialog.close()))
  dialog.setAttribute('aria-labelledby', id)
  dialog.replaceChildren(h('form', { noValidate: true, autocomplete: 'off' }, ...dialog.children,
    h('p', { className: 'error', role: 'alert' }), h('div', { className: 'buttons' }, ...buttons)))
}

// ask opens a dialog. When its form is sent, it calls submit, closes, and calls done with the result; an error is shown in the dialog.
export function ask(id, submit, done, focus) {
  const dialog = $(id), form = dialog.firstChild, error = dialog.querySelector('.error')
  error.textContent = ''
  form.oninput = () => { error.textContent = '' }
  form.ariaBusy = 'false'
  form.onsubmit = async event => {
    event.preventDefault()
    if (form.ariaBusy === 'true') return
    error.textContent = ''
    form.ariaBusy = 'true'
    try {
      const result = await submit()
      dialog.close()
      done(result)
    } catch (failure) {
      error.textContent = failure.message
    }
    form.ariaBusy = 'false'
  }
  dialog.showModal()
  focus?.focus()
}
