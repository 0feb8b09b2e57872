internal import CEmbedded

/// The files that the binary carries.
package enum EmbeddedFiles {
    /// `migrations/*.sql`, in the order in which they run.
    package static let migrations: [EmbeddedFile] = unsafe files(sallyport_migrations())
    /// `Sources/Catalogue/Providers/*.yaml`, in alphabetical order.
    package static let providers: [EmbeddedFile] = unsafe files(sallyport_providers())
    /// `docs/openapi.yaml` as it is served.
    package static let openAPI: [UInt8] = unsafe bytes(of: sallyport_openapi())

    private static func files(_ list: sallyport_embedded_files) -> [EmbeddedFile] {
        unsafe (0..<list.count).map { index in
            let file = unsafe list.files[index]
            return unsafe EmbeddedFile(
                name: String(cString: file.name), text: String(decoding: bytes(of: file), as: UTF8.self))
        }
    }

    private static func bytes(of file: sallyport_embedded_file) -> [UInt8] {
        unsafe [UInt8](UnsafeBufferPointer(start: file.bytes, count: file.length))
    }
}
