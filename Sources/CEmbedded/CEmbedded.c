#include "CEmbedded.h"

// #embed is C23; clang takes it in earlier modes with a warning.
#pragma clang diagnostic ignored "-Wc23-extensions"

// A test compares these lists with the folders: a file that is added there and not here fails it.

static const unsigned char create_environments[] = {
#embed "../../migrations/0001_create_environments.sql"
};
static const unsigned char create_tenants[] = {
#embed "../../migrations/0002_create_tenants.sql"
};
static const unsigned char create_connections[] = {
#embed "../../migrations/0003_create_connections.sql"
};
static const unsigned char create_audit_events[] = {
#embed "../../migrations/0004_create_audit_events.sql"
};
static const unsigned char create_instances[] = {
#embed "../../migrations/0005_create_instances.sql"
};
static const unsigned char extend_refresh_states[] = {
#embed "../../migrations/0006_extend_refresh_states.sql"
};

static const struct sallyport_embedded_file migrations[] = {
    {"0001_create_environments.sql", create_environments, sizeof create_environments},
    {"0002_create_tenants.sql", create_tenants, sizeof create_tenants},
    {"0003_create_connections.sql", create_connections, sizeof create_connections},
    {"0004_create_audit_events.sql", create_audit_events, sizeof create_audit_events},
    {"0005_create_instances.sql", create_instances, sizeof create_instances},
    {"0006_extend_refresh_states.sql", extend_refresh_states, sizeof extend_refresh_states},
};

struct sallyport_embedded_files sallyport_migrations(void) {
    return (struct sallyport_embedded_files){migrations, sizeof migrations / sizeof *migrations};
}

static const unsigned char generic_api_key[] = {
#embed "../Catalogue/Providers/generic-api-key.yaml"
};
static const unsigned char generic_basic[] = {
#embed "../Catalogue/Providers/generic-basic.yaml"
};
static const unsigned char generic_oauth2_client_credentials[] = {
#embed "../Catalogue/Providers/generic-oauth2-client-credentials.yaml"
};
static const unsigned char generic_oauth2_refresh_token[] = {
#embed "../Catalogue/Providers/generic-oauth2-refresh-token.yaml"
};
static const unsigned char sap_s4hana_basic[] = {
#embed "../Catalogue/Providers/sap-s4hana-basic.yaml"
};
static const unsigned char sap_s4hana_oauth_client_credentials[] = {
#embed "../Catalogue/Providers/sap-s4hana-oauth-client-credentials.yaml"
};

static const struct sallyport_embedded_file providers[] = {
    {"generic-api-key.yaml", generic_api_key, sizeof generic_api_key},
    {"generic-basic.yaml", generic_basic, sizeof generic_basic},
    {"generic-oauth2-client-credentials.yaml", generic_oauth2_client_credentials,
     sizeof generic_oauth2_client_credentials},
    {"generic-oauth2-refresh-token.yaml", generic_oauth2_refresh_token, sizeof generic_oauth2_refresh_token},
    {"sap-s4hana-basic.yaml", sap_s4hana_basic, sizeof sap_s4hana_basic},
    {"sap-s4hana-oauth-client-credentials.yaml", sap_s4hana_oauth_client_credentials,
     sizeof sap_s4hana_oauth_client_credentials},
};

struct sallyport_embedded_files sallyport_providers(void) {
    return (struct sallyport_embedded_files){providers, sizeof providers / sizeof *providers};
}

static const unsigned char openapi[] = {
#embed "../../docs/openapi.yaml"
};

struct sallyport_embedded_file sallyport_openapi(void) {
    return (struct sallyport_embedded_file){"openapi.yaml", openapi, sizeof openapi};
}
