/* The API of projects and their members. */
#include "feature/account/account_in.h"

static err_t name_check(struct op *op, const struct field *f, const void *val)
{
    str v = *(const str *)val;
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && !(i && i + 1 < v.n && (c == '-' || c == '_' || c == '.')))
            return fail_field(op, f->name, "takes small letters, digits and, within, - _ .");
    }
    return OK;
}

#define NAME_FIELD \
    F(name), .min = 2, .max = 64, .check = name_check, .format = "project-name", \
             .doc = "Unique name, fit for a path."
#define REST_FIELDS \
    { F(display_name), .min = 1, .max = 100, .doc = "Name that people see." }, \
        { F(description), .flags = NULLABLE, .max = 4000, .doc = "What it is about." }, \
    { \
        F_ENUM(visibility, visibilities), .doc = "Who sees it besides its members; at first nobody." \
    }

struct project_new {
    str name, display_name, description;
    int visibility;
};
#define D struct project_new
static const struct field project_new_fields[] = { { NAME_FIELD, .flags = REQUIRED }, REST_FIELDS };
#undef D
static DESC(project_new);
API(project_create, project_new, project);
static err_t project_create(struct op *op, const struct project_new *in, struct project *out)
{
    struct project_change c = { in->name, in->display_name, in->description, in->visibility, true, true, true,
                                true };
    return project_make(op, &c, out);
}

struct project_page {
    LIST(struct project) items;
    i64 next_cursor;
};
#define D struct project_page
static const struct field project_page_fields[] = {
    { F_LIST(items, &project_desc), .flags = READONLY, .doc = "Projects that one may see, by number." },
    { F(next_cursor), .flags = READONLY | NULLABLE, .doc = "For the next page; null: this is the last." },
};
#undef D
static DESC(project_page);
API(project_list, page_in, project_page);
static err_t project_list(struct op *op, const struct page_in *in, struct project_page *out)
{
    TRY(project_search(op, in, &out->items));
    if ((i64)out->items.n == in->limit) out->next_cursor = out->items.item[out->items.n - 1].id;
    return OK;
}

API(project_show, numbered, project);
static err_t project_show(struct op *op, const struct numbered *in, struct project *out)
{
    return project_get(op, in->id, out);
}

struct project_patch {
    i64 id;
    str name, display_name, description;
    int visibility;
    struct present given;
};
#define D struct project_patch
static const struct field project_patch_fields[] = {
    { F(id), .flags = PATH | REQUIRED, .min = 1, .max = INT64_MAX, .doc = "Number of the project." },
    { NAME_FIELD },
    REST_FIELDS,
    { F(given) },
};
#undef D
static DESC(project_patch);
API(project_edit, project_patch, project);
static err_t project_edit(struct op *op, const struct project_patch *in, struct project *out)
{
    struct project_change c = { in->name,
                                in->display_name,
                                in->description,
                                in->visibility,
                                GIVEN(in, project_patch, name),
                                GIVEN(in, project_patch, display_name),
                                GIVEN(in, project_patch, description),
                                GIVEN(in, project_patch, visibility) };
    return project_update(op, in->id, &c, out);
}

API(project_delete, numbered, nothing);
static err_t project_delete(struct op *op, const struct numbered *in, struct nothing *out)
{
    (void)out;
    return project_remove(op, in->id);
}

struct member_page {
    LIST(struct member) items;
};
#define D struct member_page
static const struct field member_page_fields[] = { { F_LIST(items, &member_desc), .flags = READONLY,
                                                     .doc = "Members, longest first." } };
#undef D
static DESC(member_page);
API(member_list, numbered, member_page);
static err_t member_list(struct op *op, const struct numbered *in, struct member_page *out)
{
    return project_members(op, in->id, &out->items);
}

struct member_put {
    i64 id;
    str login;
    int role;
};
#define D struct member_put
static const struct field member_put_fields[] = {
    { F(id), .flags = PATH | REQUIRED, .min = 1, .max = INT64_MAX, .doc = "Number of the project." },
    { F(login), .flags = PATH | REQUIRED, .min = 1, .max = 64, .doc = "Login of the person." },
    { F_ENUM(role, member_roles), .flags = REQUIRED, .doc = "Role in the project." },
};
#undef D
static DESC(member_put);
API(member_set, member_put, member);
static err_t member_set(struct op *op, const struct member_put *in, struct member *out)
{
    return project_member_set(op, in->id, in->login, in->role + ROLE_VIEWER, out);
}

struct member_out {
    i64 id;
    str login;
};
#define D struct member_out
static const struct field member_out_fields[] = {
    { F(id), .flags = PATH | REQUIRED, .min = 1, .max = INT64_MAX, .doc = "Number of the project." },
    { F(login), .flags = PATH | REQUIRED, .min = 1, .max = 64, .doc = "Login of the person." },
};
#undef D
static DESC(member_out);
API(member_delete, member_out, nothing);
static err_t member_delete(struct op *op, const struct member_out *in, struct nothing *out)
{
    (void)out;
    return project_member_remove(op, in->id, in->login);
}

static const struct route routes[] = {
    { GET, "/api/v1/projects", &project_list_api, .auth = RIGHT_PROJECT_READ,
      .doc = "Projects that one is a member of or may see." },
    { POST, "/api/v1/projects", &project_create_api, .auth = RIGHT_PROJECT, .status = 201,
      .audit = "project.create", .doc = "Make a project; who makes it owns it." },
    { GET, "/api/v1/projects/{id}", &project_show_api, .auth = RIGHT_PROJECT_READ, .doc = "One project." },
    { PATCH, "/api/v1/projects/{id}", &project_edit_api, .auth = RIGHT_PROJECT, .audit = "project.update",
      .doc = "Change a project; owners only." },
    { DELETE, "/api/v1/projects/{id}", &project_delete_api, .auth = RIGHT_PROJECT, .audit = "project.delete",
      .doc = "Delete a project; owners only." },
    { GET, "/api/v1/projects/{id}/members", &member_list_api, .auth = RIGHT_PROJECT_READ,
      .doc = "Who is in a project; members only." },
    { PUT, "/api/v1/projects/{id}/members/{login}", &member_set_api, .auth = RIGHT_PROJECT,
      .audit = "member.set", .doc = "Add a person or change their role; owners only." },
    { DELETE, "/api/v1/projects/{id}/members/{login}", &member_delete_api, .auth = RIGHT_PROJECT,
      .audit = "member.delete", .doc = "Remove a person (owners), or leave." },
};

const struct feature project_feature = {
    .name = "project",
    .doc = "Projects and their members.",
    .routes = routes,
    .nroutes = LEN(routes),
};
