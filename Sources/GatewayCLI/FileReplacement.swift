import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Replaces the text of a file at once, so that a reader sees the old text or the new text.
///
/// The new file has the mode and the owner of the old one. Of a symbolic link, the file it leads to is replaced.
struct FileReplacement {
    /// Without symbolic links.
    private let path: String
    /// As it was before its text was read.
    private let before: FileStatus?
    private let owner: uid_t
    private let group: gid_t
    private let mode: mode_t

    /// Looks at the file that will be replaced, before it is read.
    ///
    /// - Throws: ``FileReplacementError`` if it is a pipe or device. A missing file is no error here: reading it is.
    init(of file: String) throws(FileReplacementError) {
        var status = stat()
        if let resolved = realpath(file, nil) {
            self.path = String(cString: resolved)
            free(resolved)
        } else {
            self.path = file
        }
        if stat(self.path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) {
            throw FileReplacementError(description: "not a regular file: name a file, or use - for standard input")
        }
        self.before = FileStatus(of: self.path)
        self.owner = status.st_uid
        self.group = status.st_gid
        self.mode = status.st_mode & 0o7777
    }

    /// Replaces the text.
    ///
    /// - Throws: ``FileReplacementError`` if this fails or somebody else changed the file since. The file is as before.
    func write(_ text: String) throws(FileReplacementError) {
        let name = self.path.split(separator: "/").last.map(String.init) ?? self.path
        let folder = String(self.path.dropLast(name.count))
        let temporary = "\(folder).\(name).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileReplacementError(code: errno) }
        do throws(FileReplacementError) {
            defer { close(descriptor) }
            try self.copyOwner(to: descriptor)
            try Self.write(Array(text.utf8), to: descriptor)
            guard fsync(descriptor) == 0 else { throw FileReplacementError(code: errno) }
            guard let before = self.before, FileStatus(of: self.path) == before else {
                throw FileReplacementError(description: "changed while it was formatted: try again")
            }
            guard rename(temporary, self.path) == 0 else { throw FileReplacementError(code: errno) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Gives the new file the owner and mode of the old one. Changing the owner resets bits of the mode, so it is first.
    private func copyOwner(to descriptor: CInt) throws(FileReplacementError) {
        var own = stat()
        guard fstat(descriptor, &own) == 0 else { throw FileReplacementError(code: errno) }
        if own.st_uid != self.owner || own.st_gid != self.group {
            guard fchown(descriptor, self.owner, self.group) == 0 else {
                throw FileReplacementError(
                    description: "cannot keep its owner and group: run this as root or its owner"
                )
            }
        }
        guard fchmod(descriptor, self.mode) == 0 else { throw FileReplacementError(code: errno) }
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) throws(FileReplacementError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { writeSystem(descriptor, $0) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                throw FileReplacementError(code: errno)
            }
        }
    }
}

/// A file could not be replaced.
struct FileReplacementError: Error, CustomStringConvertible {
    /// What is wrong, and what to do if that is known.
    let description: String
}

extension FileReplacementError {
    init(code: CInt) { self.init(description: "cannot be written: \(String(cString: strerror(code)))") }
}

private func writeSystem(_ descriptor: CInt, _ buffer: UnsafeRawBufferPointer) -> Int {
    write(descriptor, buffer.baseAddress, buffer.count)
}
