internal import Glibc

/// The user the server runs as: the caller itself, or `postgres` when that is root, which PostgreSQL refuses.
package struct ServerUser: Sendable {
    package let id: UInt32
    package let group: UInt32
    /// Goes before a command so that it runs as this user; empty for the caller itself.
    package let prefix: [String]

    var isCaller: Bool { prefix.isEmpty }

    /// - Throws: ``ClusterError/unprivilegedUserMissing``.
    package static func find() throws(ClusterError) -> ServerUser {
        guard geteuid() == 0 else { return ServerUser(id: geteuid(), group: getegid(), prefix: []) }
        let places: [String] = ["/usr/bin/setpriv", "/bin/setpriv"]
        let setpriv = places.first { unsafe access($0, X_OK) == 0 }
        guard let setpriv, let user = lookUp("postgres") else { throw .unprivilegedUserMissing }
        // setpriv replaces itself by the program, so the number of the process stays.
        return ServerUser(
            id: user.id, group: user.group,
            prefix: [setpriv, "--reuid=\(user.id)", "--regid=\(user.group)", "--init-groups", "--"])
    }

    private static func lookUp(_ name: String) -> (id: uid_t, group: gid_t)? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let result = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.baseAddress.map { unsafe getpwnam_r(name, &entry, $0, buffer.count, &found) } ?? ENOMEM
        }
        guard result == 0, unsafe found != nil else { return nil }
        return unsafe (entry.pw_uid, entry.pw_gid)
    }

    /// Makes a directory that only this user can enter, or checks one that is there.
    package func makePrivateDirectory(_ path: String) throws(ClusterError) {
        if unsafe mkdir(path, 0o700) == 0 {
            guard unsafe isCaller || chown(path, id, group) == 0 else { throw .directoryUnusable(errno: errno) }
            return
        }
        guard errno == EEXIST else { throw .directoryUnusable(errno: errno) }
        let (owner, mode) = try FileSystem.directoryAttributes(path)
        guard owner == id, mode & 0o077 == 0 else { throw .directoryUnusable(errno: EACCES) }
    }
}
