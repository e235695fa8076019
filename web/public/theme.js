// Runs before the first paint: the reader's theme and language are on <html> when the first style is computed.
;(() => {
  let stored = {}
  try {
    stored = JSON.parse(localStorage.getItem('netbit.look') || '{}')
  } catch (_e) {
    /* a damaged entry counts as none */
  }
  const dark = stored.theme === 'dark' || (stored.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  const html = document.documentElement
  html.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
  html.lang = stored.lang || ((navigator.language || 'en').startsWith('ru') ? 'ru' : 'en')
})()
