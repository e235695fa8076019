/// <reference types="vite/client" />

/** Marks the build: the same for all its files, another one for other sources. */
declare const __BUILD__: string
