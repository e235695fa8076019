const en = {
  title: 'Search and commands',
  placeholder: 'Unit, package, page or action',
  pages: 'Pages',
  actions: 'Actions',
  units: 'Units',
  packages: 'Packages',
  people: 'People',
  recent: 'Lately opened',
  nothing: 'Nothing is found.',
  hint: '/ pages   > actions   @ people',
  light: 'Light theme',
  dark: 'Dark theme',
  auto: 'Theme as the system',
  other: 'Сменить язык на русский',
  token: 'New access token',
  project: 'New project',
  publish: 'Publish a package',
  signOut: 'Sign out',
  docs: 'API reference',
  pause: 'Pause live values, or go on',
  results: (n: number) => `${n} results`
}

const ru: typeof en = {
  title: 'Поиск и команды',
  placeholder: 'Юнит, пакет, страница или действие',
  pages: 'Страницы',
  actions: 'Действия',
  units: 'Юниты',
  packages: 'Пакеты',
  people: 'Люди',
  recent: 'Недавно открытые',
  nothing: 'Ничего не найдено.',
  hint: '/ страницы   > действия   @ люди',
  light: 'Светлая тема',
  dark: 'Тёмная тема',
  auto: 'Тема как в системе',
  other: 'Switch to English',
  token: 'Новый токен доступа',
  project: 'Новый проект',
  publish: 'Опубликовать пакет',
  signOut: 'Выйти',
  docs: 'Справочник API',
  pause: 'Приостановить обновление или продолжить',
  results: n => `Найдено: ${n}`
}

export const paletteText = { en, ru }
