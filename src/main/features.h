/* The one list of features. */
#pragma once
#include "feature/feature.h"

extern const struct feature *const features[];
extern const size_t nfeatures;

/* The features' tables side by side, as the router, the documents, the command line and the migrations want
 * them. */
struct tables {
    const struct route **routes;
    size_t *nroutes;
    const struct command **commands;
    size_t *ncommands; /* the features' and the program's own */
    struct migration *migrations;
    size_t nmigrations;
    size_t n, ncommand_tables;
};
struct tables tables_of_features(struct arena *);
/* The API's description, with the scopes that each operation needs. */
str api_document(struct arena *);
/* The same of WebSockets, followers and topics: AsyncAPI. After channel_know_features(). */
str async_document(struct arena *);
