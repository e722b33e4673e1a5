/// Decides what to do about the files of a certificate, which are looked at again and again.
///
/// Certificate and key are two files, written one after the other in a renewal. Files that do not load may therefore be
/// half of a renewal. They are rejected only if they still do not load at the next look.
package struct CertificateLook<Version: Equatable & Sendable>: Sendable {
    private enum State: Sendable {
        /// The files of this version are in use. Next: `doubtful`.
        case loaded(Version)
        /// The files have changed and do not load. Next: `loaded`, `rejected`.
        case doubtful
        /// The files did not load twice. Next: `loaded`, `rejected`.
        case rejected(reason: String)
    }

    package enum OnSee: Hashable {
        case wait
        case load
    }

    package enum OnLoad: Hashable {
        case use
    }

    package enum OnFailure: Hashable {
        /// Keep the certificate in use, and look again.
        case keep
        /// Keep it, and report that the files are bad.
        case report
    }

    private var state: State

    /// - Parameter version: That of the files in use.
    package init(_ version: Version) { self.state = .loaded(version) }

    /// Why the files were rejected; nil if they are in use, or may be soon.
    package var rejection: String? { if case .rejected(let reason) = self.state { reason } else { nil } }

    package func see(_ version: Version) -> OnSee {
        if case .loaded(version) = self.state { .wait } else { .load }
    }

    package mutating func loaded(_ version: Version) -> OnLoad {
        self.state = .loaded(version)
        return .use
    }

    package mutating func failed(because reason: String) -> OnFailure {
        switch self.state {
        case .loaded:
            self.state = .doubtful
            return .keep
        case .doubtful:
            self.state = .rejected(reason: reason)
            return .report
        case .rejected(let known):
            self.state = .rejected(reason: reason)
            return reason == known ? .keep : .report
        }
    }
}
