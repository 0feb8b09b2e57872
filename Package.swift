// swift-tools-version: 6.2

import PackageDescription

// Dependency versions are exact: see docs/dependencies.md, which has a row for each.
let dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: ["YAML"]),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let swiftSettings: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swiftSettings)
}

let systemLibraries: [Target] = [
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .target(name: "CLinux"),
    .target(name: "CEmbedded"),
]

// The OData client: products of their own, which know nothing of the service.
let odata: [Target] = [
    library("LibXML", ["CXML2"]),
    library("OData", ["LibXML", httpTypes]),
    library("ODataCurl", ["OData", "CCurl", "CLinux", httpTypes]),
    library("ODataGenerator", ["OData"]),
    .executableTarget(
        name: "odata",
        dependencies: ["OData", "ODataCurl", "ODataGenerator", argumentParser, httpTypes, systemPackage],
        path: "Sources/ODataCommand", swiftSettings: swiftSettings),
    .plugin(
        name: "GenerateOData",
        capability: .command(
            intent: .custom(verb: "generate-odata", description: "Writes Swift types for an OData service."),
            permissions: [.writeToPackageDirectory(reason: "The generated files go into the package.")]),
        dependencies: ["odata"], path: "Sources/Plugins/GenerateOData"),
]

// One row a target, top row lowest; Tests/LayeringTests holds the imports to the same table.
let libraries: [Target] = [
    library("EmbeddedFiles", ["CEmbedded"]),
    library("Sodium", ["CSodium"]),
    library("OpenSSLCrypto", ["COpenSSL", "Sodium"]),
    library("Domain", ["Sodium"]),
    library("StrictJSON", ["Sodium"]),
    library("Observability", ["Domain", logging]),
    library("Postgres", ["CLibPQ", "CLinux", "Observability", logging]),
    library("PostgresCluster", ["CLinux"]),
    library("OutboundHTTP", ["CCurl", "CLinux", "Domain", "Sodium", "Observability", logging]),
    library("Vault", ["Domain", "Sodium"]),
    library("Grants", ["Domain", "Sodium", "StrictJSON"]),
    library("Catalogue", ["Domain", "Sodium", "Grants", "EmbeddedFiles", yams], exclude: ["Providers"]),
    library(
        "Connections",
        ["Domain", "Sodium", "StrictJSON", "Vault", "Grants", "Catalogue", "Observability", logging]),
    library(
        "Store",
        [
            "Domain", "Sodium", "StrictJSON", "Postgres", "Vault", "Connections", "EmbeddedFiles", "Observability",
            logging,
        ]),
    library(
        "Identity",
        ["Domain", "Sodium", "StrictJSON", "Vault", "Connections", "Observability", logging]),
    library(
        "Refresh",
        ["Domain", "Sodium", "StrictJSON", "Vault", "Grants", "Catalogue", "Connections", "Observability", logging]),
    library(
        "Proxy",
        [
            "Domain", "Sodium", "Identity", "Connections", "Observability", nioCore, nioPosix, nioSSL, nioTLS, logging,
            serviceLifecycle,
        ]),
    library(
        "Edge",
        [
            "Domain", "Sodium", "StrictJSON", "Identity", "Connections", "Catalogue", "EmbeddedFiles", "Observability",
            hummingbird, hummingbirdCore, httpTypes, nioCore, nioSSL, logging, serviceLifecycle,
        ]),
]

let executables: [Target] = [
    .executableTarget(
        name: "sallyport",
        dependencies: [
            "Domain", "Sodium", "StrictJSON", "OpenSSLCrypto", "Postgres", "PostgresCluster", "OutboundHTTP", "Vault",
            "Grants", "Catalogue", "Connections", "Store", "Identity", "Refresh", "Proxy", "Edge", "Observability",
            "CLinux",
            argumentParser, configuration, logging, serviceLifecycle, systemPackage, unixSignals, nioCore, nioPosix,
            nioSSL, yams,
        ],
        swiftSettings: swiftSettings)
]

let testSupport: [Target] = [
    .target(
        name: "TestSupport",
        dependencies: [
            "Domain", "Sodium", "StrictJSON", "Postgres", "PostgresCluster", "Vault", "Grants", "Catalogue",
            "Connections",
            "Store", "CLinux", logging,
        ],
        path: "Tests/TestSupport",
        swiftSettings: swiftSettings)
]

// What stands on the other side of tests and benchmarks: programs of their own, no product of the package.
let peers: [Target] = [
    .target(
        name: "PeerTokens", dependencies: ["Sodium"], path: "Tests/Peers/PeerTokens", swiftSettings: swiftSettings),
    .executableTarget(
        name: "TokenPeer",
        dependencies: [
            "PeerTokens", "Domain", "StrictJSON", argumentParser, nioCore, nioPosix, systemPackage, unixSignals,
        ],
        path: "Tests/Peers/TokenPeer", swiftSettings: swiftSettings),
    .executableTarget(
        name: "RefreshSeed",
        dependencies: [
            "PeerTokens", "Domain", "Sodium", "Vault", "Grants", "Connections", argumentParser, systemPackage,
        ],
        path: "Tests/Peers/RefreshSeed", swiftSettings: swiftSettings),
    .testTarget(
        name: "PeerTests",
        dependencies: [
            "TokenPeer", "RefreshSeed", "PeerTokens", "Domain", "Sodium", "StrictJSON", "Vault", "Connections", nioCore,
            nioPosix,
        ],
        path: "Tests/Peers/PeerTests", swiftSettings: swiftSettings),
]

// The OData client's tests, what feeds its readers with damaged input, and what measures it.
let odataTests: [Target] = [
    tests("LibXMLTests", ["LibXML"]),
    tests("ODataTests", ["OData", httpTypes], exclude: ["Samples"]),
    tests("ODataCurlTests", ["ODataCurl", "OData", "CLinux", httpTypes]),
    tests("ODataGeneratorTests", ["ODataGenerator", "OData", httpTypes]),
    tests("ODataCommandTests", ["odata", "OData", argumentParser]),
    .target(name: "ODataPeerSupport", path: "Tests/ODataPeerSupport", swiftSettings: swiftSettings),
    tests(
        "ODataPeerTests", ["ODataPeerSupport", "OData", "ODataCurl", httpTypes], exclude: ["Harness/odatapy_service.py"]
    ),
    tests("ODataTutorialTests", ["ODataPeerSupport", "OData", "ODataCurl", httpTypes]),
    .target(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
    .executableTarget(
        name: "ODataFuzz", dependencies: ["OData", "CLibFuzzer"], path: "Tests/Fuzz/ODataFuzz",
        swiftSettings: swiftSettings),
    .executableTarget(
        name: "ODataBench", dependencies: ["OData"], path: "Tests/Benchmarks/ODataBench", swiftSettings: swiftSettings),
]

let testTargets: [Target] = [
    tests("LayeringTests", []),
    tests("SodiumTests", ["Sodium"]),
    tests("StrictJSONTests", ["StrictJSON", "Sodium"]),
    tests("OpenSSLCryptoTests", ["OpenSSLCrypto", "Sodium"]),
    tests("DomainTests", ["Domain"]),
    tests("OutboundHTTPTests", ["OutboundHTTP", "Domain", "Sodium", "TestSupport"]),
    tests("VaultTests", ["Vault", "Sodium", "Domain"]),
    tests("GrantsTests", ["Grants", "Domain", "Sodium"]),
    tests("CatalogueTests", ["Catalogue", "Grants", "Domain", "Sodium", "EmbeddedFiles"]),
    tests("ConnectionsTests", ["Connections", "Grants", "Catalogue", "Vault", "Domain", "Sodium", "TestSupport"]),
    tests(
        "IdentityTests", ["Identity", "Connections", "Vault", "Domain", "Sodium", "StrictJSON", "TestSupport", logging]),
    tests(
        "RefreshTests",
        [
            "Refresh", "Connections", "Grants", "Catalogue", "Vault", "Observability", "Domain", "Sodium",
            "TestSupport", logging,
        ]),
    tests(
        "ProxyTests",
        [
            "Proxy", "Connections", "Identity", "Vault", "Domain", "Sodium", "StrictJSON", "Observability",
            "TestSupport",
            nioCore, nioPosix, nioEmbedded, nioSSL, logging, serviceLifecycle,
        ]),
    tests(
        "EdgeTests",
        [
            "Edge", "Connections", "Identity", "Catalogue", "Vault", "Domain", "Sodium", "StrictJSON", "EmbeddedFiles",
            "Observability", "TestSupport", httpTypes, nioSSL, logging, serviceLifecycle, yams,
        ]),
    tests(
        "IntegrationTests",
        [
            "Postgres", "PostgresCluster", "Store", "Connections", "Vault", "Identity", "Refresh", "Domain", "Sodium",
            "TestSupport", "EmbeddedFiles", logging,
        ]),
    tests("SallyportTests", ["sallyport", "StrictJSON", "TestSupport", "Domain", logging]),
    tests(
        "EndToEndTests",
        [
            "TestSupport", "Domain", "Sodium", "StrictJSON", "Postgres", "PostgresCluster", "Store", "Connections",
            "PeerTokens", "TokenPeer", yams,
        ]),
]

let package = Package(
    name: "sallyport",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "sallyport", targets: ["sallyport"]),
        .library(name: "OData", targets: ["OData"]),
        .library(name: "ODataCurl", targets: ["ODataCurl"]),
        .executable(name: "odata", targets: ["odata"]),
        .plugin(name: "GenerateOData", targets: ["GenerateOData"]),
    ],
    dependencies: dependencies,
    targets: systemLibraries + libraries + odata + executables + testSupport + peers + testTargets + odataTests,
    swiftLanguageModes: [.v6]
)
