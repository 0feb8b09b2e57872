import Postgres

/// The role that the service logs in with: owns nothing, can't bypass row-level security, and has exactly the rights
/// that the statements of this target need.
struct ServiceRole {
    private let name: String

    init(name: String) throws(MigrationError) {
        let bytes = Array(name.utf8)
        let isWellFormed =
            (1...63).contains(bytes.count) && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[0])
            && bytes.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
        guard isWellFormed else { throw .malformedServiceRole }
        self.name = name
    }

    /// Creates the role where it is missing, checks it, and grants its rights anew; all within the transaction.
    func prepare(in transaction: PostgresTransaction) async throws {
        try await transaction.query(
            Statement("SELECT set_config('sallyport.service_role', $1, true)", [.text(name)]))
        if try await !exists(in: transaction) {
            guard try await transaction.query(Self.mayCreateRoles).exactlyOne().bool(0) else {
                throw MigrationError.serviceRoleMissing
            }
            try await transaction.query(Statement(Self.create))
        }
        let row = try await transaction.query(Statement(Self.attributes, [.text(name)])).exactlyOne()
        if try row.bool(0) { throw MigrationError.serviceRoleIsMigrator }
        if try row.bool(1) { throw MigrationError.serviceRoleTooPowerful }
        try await transaction.query(Statement(Self.grant))
    }

    private func exists(in transaction: PostgresTransaction) async throws(PostgresError) -> Bool {
        try await transaction.query(
            Statement("SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)", [.text(name)])
        ).exactlyOne().bool(0)
    }

    private static let mayCreateRoles = Statement(
        "SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user")

    /// Roles belong to the cluster: a runner in another database may create the same one at the same moment.
    private static let create: StaticString = """
        DO $$
        BEGIN
            EXECUTE format(
                'CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS',
                current_setting('sallyport.service_role'));
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END
        $$
        """

    /// A superuser is a member of every role.
    private static let attributes: StaticString = """
        SELECT rolname = current_user,
            rolsuper OR rolbypassrls OR pg_has_role(oid, current_user, 'MEMBER')
        FROM pg_catalog.pg_roles
        WHERE rolname = $1
        """

    private static let grant: StaticString = """
        DO $$
        DECLARE
            service_role constant text := current_setting('sallyport.service_role');
            granted record;
        BEGIN
            EXECUTE format('REVOKE ALL ON SCHEMA sallyport FROM PUBLIC, %I', service_role);
            EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA sallyport FROM PUBLIC, %I', service_role);
            EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sallyport FROM PUBLIC, %I', service_role);
            EXECUTE format('GRANT USAGE ON SCHEMA sallyport TO %I', service_role);
            EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA sallyport TO %I', service_role);
            FOR granted IN
                SELECT * FROM (
                    VALUES
                        ('schema_migrations', 'SELECT'),
                        ('environments', 'SELECT, INSERT'),
                        ('environment_keys', 'SELECT, INSERT'),
                        ('integrations', 'SELECT, INSERT, UPDATE, DELETE'),
                        ('signing_keys', 'SELECT, INSERT'),
                        ('tenants', 'SELECT, INSERT, UPDATE (name, external_id), DELETE'),
                        ('tenant_keys', 'SELECT, INSERT, DELETE'),
                        ('api_keys', 'SELECT, INSERT, UPDATE (revoked_at), DELETE'),
                        ('connections', 'SELECT, INSERT, UPDATE, DELETE'),
                        ('credentials', 'SELECT, INSERT, UPDATE, DELETE'),
                        ('refresh_states', 'SELECT, INSERT, UPDATE, DELETE'),
                        ('link_sessions', 'SELECT, INSERT, UPDATE, DELETE'),
                        ('audit_events', 'SELECT, INSERT'),
                        ('lifecycle_events', 'SELECT, INSERT, DELETE'),
                        ('instances', 'SELECT, INSERT, UPDATE, DELETE')
                ) AS rights (relation, privileges)
                WHERE to_regclass('sallyport.' || relation) IS NOT NULL
            LOOP
                EXECUTE format('GRANT %s ON sallyport.%I TO %I', granted.privileges, granted.relation, service_role);
            END LOOP;
        END
        $$
        """
}
