const en = {
  broken: 'This page has failed',
  brokenLead: 'It is a fault of the page, not of your data. Loading it again usually helps.',
  reload: 'Load again',
  copy: 'Copy details',
  notFound: 'There is no such page',
  notFoundLead: (path: string) => `Nothing is at ${path}.`,
  near: 'Perhaps you meant',
  home: 'To the overview'
}

const ru: typeof en = {
  broken: 'Страница сломалась',
  brokenLead: 'Это ошибка страницы, данные целы. Обычно помогает загрузить её заново.',
  reload: 'Загрузить заново',
  copy: 'Копировать подробности',
  notFound: 'Такой страницы нет',
  notFoundLead: path => `По адресу ${path} ничего нет.`,
  near: 'Возможно, вы искали',
  home: 'К обзору'
}

export const errorText = { en, ru }
