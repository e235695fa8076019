// The reader's language, and the address that the commands name.
'use strict'
const russian = (navigator.language || 'en').startsWith('ru')
document.documentElement.lang = russian ? 'ru' : 'en'
for (const e of document.querySelectorAll('[data-en]')) e.hidden = russian
for (const e of document.querySelectorAll('[data-ru]')) e.hidden = !russian
const origin = document.getElementById('origin')
if (origin) origin.textContent = location.origin
