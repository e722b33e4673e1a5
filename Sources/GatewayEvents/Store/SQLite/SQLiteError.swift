import CSQLite

/// Why SQLite could not do something.
package struct SQLiteError: Error, Hashable, Sendable {
    package enum Kind: String, Sendable {
        /// The disk or the quota is full.
        case full
        /// Another process holds the lock for longer than the timeout.
        case locked
        /// The file is damaged, or is no database.
        case corrupt
        case readOnly = "read_only"
        /// The file cannot be opened: its folder is missing, or access is denied.
        case cannotOpen = "cannot_open"
        /// The system reported an error while reading or writing.
        case io
        /// The file was written by a newer version of the gateway.
        case newer
        /// A row violates a constraint.
        case constraint
        /// Anything else, such as a statement that is wrong.
        case other
    }

    package let kind: Kind
    /// What SQLite says. It contains no values.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// - Parameter code: A result code, primary or extended.
    init(code: CInt, message: String) {
        self.kind =
            switch code & 0xff {
            case SQLITE_FULL: .full
            case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .locked
            case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
            case SQLITE_READONLY: .readOnly
            case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .cannotOpen
            case SQLITE_IOERR, SQLITE_NOMEM: .io
            case SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH: .constraint
            default: .other
            }
        self.message = message
    }

    /// Whether the file or the system is at fault, so that the same may succeed later or with another file.
    var isFault: Bool { self.kind != .constraint && self.kind != .other }
}

extension SQLiteError: CustomStringConvertible {
    package var description: String { self.message }
}
