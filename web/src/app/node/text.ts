const en = {
  name: 'Name of the node',
  nameHint: 'People see it above each page; empty: Netbit',
  data: 'Folder of the data',
  database: 'Database',
  blobs: 'Archives',
  free: 'Free on the disk',
  freeOf: (free: string, all: string) => `${free} of ${all}`,
  low: 'The disk is nearly full: series, logs and archives need room. --data chooses another folder.'
}

const ru: typeof en = {
  name: 'Название узла',
  nameHint: 'Его видно над каждой страницей; пусто — Netbit',
  data: 'Папка данных',
  database: 'База данных',
  blobs: 'Архивы',
  free: 'Свободно на диске',
  freeOf: (free, all) => `${free} из ${all}`,
  low: 'Диск почти заполнен: рядам, журналам и архивам нужно место. Другую папку задаёт --data.'
}

export const nodeText = { en, ru }
