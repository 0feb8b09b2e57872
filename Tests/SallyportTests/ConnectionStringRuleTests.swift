import Testing

@testable import sallyport

@Suite("Connection strings hold no password")
struct ConnectionStringRuleTests {
    @Test(arguments: [
        "postgres://user:hidden@db/sallyport", "postgresql://user:@db",
        "postgres://user:a%40b@db1,db2/x?sslmode=require",
        "postgres://db/x?password=hidden", "postgresql:///x?user=a&password=hidden", "postgres://db?sslpassword=hidden",
        "postgres://db/x?pass%77ord=hidden", "password=hidden", "host=db password=hidden",
        "host=db password = 'hid den'",
        "host = 'a b' password=hidden", "host='it\\'s' password=hidden", "host=a\\ b password=hidden",
        "sslpassword=hidden", "  password=hidden", "host=db\tpassword=hidden", "host= password=hidden",
    ])
    func `a password is found wherever libpq reads one`(_ text: String) throws {
        // libpq takes what follows `host= ` as the host's value: only that last one holds none.
        let isValue = text == "host= password=hidden"
        #expect(ConnectionStringRule.holdsPassword(text) == !isValue)
        for key in ConnectionStringRule.keys where !isValue {
            #expect(throws: SettingsError.self) { try Settings(values: [key: text]) }
        }
    }

    @Test(arguments: [
        "", "host=db1,db2 dbname=sallyport user=sallyport_service target_session_attrs=read-write",
        "postgres://user@db1:5432,db2:5432/sallyport?target_session_attrs=read-write", "postgres://db:5432/a:b@c",
        "postgresql://[2001:db8::1]:5432/sallyport", "host='password=hidden'", "user=password", "passfile=/etc/pgpass",
        "host=/tmp/x port=5432 dbname=sallyport user=a", "application_name='it\\'s password=x'",
    ])
    func `anything else passes`(_ text: String) throws {
        #expect(!ConnectionStringRule.holdsPassword(text))
        for key in ConnectionStringRule.keys { #expect(try Settings(values: [key: text]).text(key) ?? "" == text) }
    }

    @Test func `the refusal names the key and nothing of the value`() {
        let error = #expect(throws: SettingsError.self) {
            try Settings(values: ["database.url": "host=db password=hidden"])
        }
        #expect(error?.description.hasPrefix("database.url holds a password") == true)
        #expect(error?.description.contains("hidden") == false)
    }
}
