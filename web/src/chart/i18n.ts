import { plural } from '@/i18n/plural'

const en = {
  chart: (names: string) => `Chart: ${names}`,
  noData: 'No points in this time',
  loading: 'Loading…',
  backToLive: (n: string) => (n ? `Back to live · +${n}` : 'Back to live'),
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  earlier: 'Earlier',
  later: 'Later',
  lockY: 'Keep the value axis as it is',
  table: 'Show as a table',
  chartAgain: 'Show as a chart',
  keys: 'Arrow keys move the cursor, Shift with arrows moves in time, plus and minus zoom, Home goes back to live.',
  layers: { raw: 'raw', physical: 'physical', both: 'both' },
  layer: 'Layer',
  last: 'last',
  min: 'min',
  max: 'max',
  rising: 'rising',
  falling: 'falling',
  steady: 'steady',
  time: 'Time',
  average: 'average',
  error: (status: string) =>
    status === '403'
      ? 'You may not see this series'
      : status === '404'
        ? 'There is no such series'
        : `The history could not be loaded (${status === '-1' ? 'no connection' : status})`,
  eco: 'eco',
  points: (n: number) => plural(n, { one: '# point', other: '# points' }),
  heartbeat: (share: string) => `Heartbeats: ${share}`,
  trend: 'Trend'
}

const ru: typeof en = {
  chart: names => `График: ${names}`,
  noData: 'За это время точек нет',
  loading: 'Загружается…',
  backToLive: n => (n ? `К живым данным · +${n}` : 'К живым данным'),
  zoomIn: 'Приблизить',
  zoomOut: 'Отдалить',
  earlier: 'Раньше',
  later: 'Позже',
  lockY: 'Закрепить ось значений',
  table: 'Показать таблицей',
  chartAgain: 'Показать графиком',
  keys: 'Стрелки двигают курсор, Shift со стрелками двигает время, плюс и минус меняют масштаб, Home возвращает к живым данным.',
  layers: { raw: 'сырые', physical: 'физические', both: 'оба' },
  layer: 'Слой',
  last: 'сейчас',
  min: 'мин',
  max: 'макс',
  rising: 'растёт',
  falling: 'падает',
  steady: 'ровно',
  time: 'Время',
  average: 'среднее',
  error: status =>
    status === '403'
      ? 'Нет права видеть этот ряд'
      : status === '404'
        ? 'Такого ряда нет'
        : `История не загрузилась (${status === '-1' ? 'нет связи' : status})`,
  eco: 'эко',
  points: n => plural(n, { one: '# точка', few: '# точки', many: '# точек', other: '# точки' }),
  heartbeat: share => `Пульс: ${share}`,
  trend: 'Ход'
}

export const chartText = { en, ru }
