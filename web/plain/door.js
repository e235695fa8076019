// The two one-time links: /setup makes the administrator, /reset sets a new password. The form's action is the API's path.
'use strict'
const form = document.querySelector('form')
const answer = document.getElementById('answer')
const say = (en, ru) => { answer.textContent = document.documentElement.lang === 'ru' ? ru : en }

form.addEventListener('submit', async event => {
  event.preventDefault()
  const body = { token: new URLSearchParams(location.search).get('token') || '' }
  for (const input of form.querySelectorAll('input')) body[input.name] = input.value
  try {
    const r = await fetch(form.getAttribute('action'), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
    if (r.ok) {
      form.hidden = true
      say('Done. Sign in with: spark login ' + location.origin, 'Готово. Войти: spark login ' + location.origin)
      return
    }
    const problem = await r.json()
    say([problem.field, problem.detail || problem.title].filter(Boolean).join(': '), [problem.field, problem.detail || problem.title].filter(Boolean).join(': '))
  } catch (e) {
    say('The server does not answer.', 'Сервер не отвечает.')
  }
})
