#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads text from a file, a pipe or standard input.
package enum TextFile {
    /// The maximum size, far above any real configuration. It stops reading from endless devices.
    package static let limit = 16 << 20

    /// Returns the text of a file.
    ///
    /// - Parameter limit: The maximum size in bytes.
    /// - Throws: The problem with the file and a suggestion.
    package static func read(_ path: String, upTo limit: Int = Self.limit) throws(SettingError) -> String {
        let bytes: [UInt8]
        do throws(Failure) {
            bytes = try self.bytes(of: path, upTo: limit)
        } catch {
            throw error.settingError
        }
        guard bytes.count <= limit else {
            throw SettingError(
                "the file is larger than \(limit >> 20) MiB",
                suggestion: limit == Self.limit ? "name a configuration file" : "name a smaller file"
            )
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingError("the file is not UTF-8 text", suggestion: "save it as UTF-8")
        }
        return text
    }

    /// Returns the bytes of a system file, or nil if it cannot be read or exceeds 16 MiB.
    package static func systemFile(_ path: String) -> [UInt8]? {
        guard let bytes = try? self.bytes(of: path, upTo: self.limit), bytes.count <= self.limit else { return nil }
        return bytes
    }

    /// Reads a configuration file.
    package static func configuration(_ path: String) throws(ConfigurationErrors) -> String {
        do throws(SettingError) {
            return try self.read(path)
        } catch {
            var unreadable = ConfigurationError(error.problem, suggestion: error.suggestion)
            unreadable.file = path
            throw ConfigurationErrors([unreadable])
        }
    }

    /// Returns all bytes of a file. Stops shortly after the size limit.
    private static func bytes(of path: String, upTo limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= limit {
            let count = chunk.withUnsafeMutableBytes { system(descriptor, into: $0) }
            if count == 0 { break }
            if count > 0 {
                bytes += chunk[..<count]
            } else if errno != EINTR {
                throw Failure(code: errno)
            }
        }
        return bytes
    }

    private static func system(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
            return Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
            return Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
            return Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }

    private struct Failure: Error {
        let code: Int32

        var settingError: SettingError {
            switch self.code {
            case ENOENT: SettingError("no such file", suggestion: "create one with `gateway init`")
            case EACCES, EPERM:
                SettingError("permission denied", suggestion: "give the gateway's user read access")
            case EMFILE, ENFILE:
                SettingError(
                    "the file cannot be read: too many files are open",
                    suggestion: "raise the limit (ulimit -n)"
                )
            case EISDIR: SettingError("this is a directory", suggestion: "name a file")
            default:
                SettingError(
                    "the file cannot be read: \(String(cString: strerror(self.code)))",
                    suggestion: "name a configuration file"
                )
            }
        }
    }
}
