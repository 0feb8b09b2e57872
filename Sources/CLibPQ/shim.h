// libpq as Swift sees it: the library's own header, and what that leaves to macros.
#pragma once

#include <libpq-fe.h>

// Field codes of error messages (PostgreSQL documentation, "Error and Notice Message Fields").
static const int libpq_field_sqlstate = PG_DIAG_SQLSTATE;
static const int libpq_field_constraint = PG_DIAG_CONSTRAINT_NAME;
