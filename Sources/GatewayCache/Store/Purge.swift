/// Which stored responses are no longer to be used.
package struct Purge: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        case all
        /// The responses of this route.
        case route(String)
        /// Those that carry this tag.
        case tag(String)
        /// Those of this absolute URL.
        case url(String)
        /// Those whose absolute URL begins with this text.
        case prefix(String)
    }

    package var subject: Subject
    /// Whether responses become stale instead of being dropped.
    package var isSoft: Bool

    package init(_ subject: Subject, isSoft: Bool = false) {
        self.subject = subject
        self.isSoft = isSoft
    }

    /// Whether it concerns a response.
    package func matches(url: String, route: String, tags: [String]) -> Bool {
        switch self.subject {
        case .all: true
        case .route(let name): name == route
        case .tag(let tag): tags.contains(tag)
        case .url(let purged): purged == url
        case .prefix(let prefix): url.utf8.starts(with: prefix.utf8)
        }
    }

    func matches(_ response: StoredResponse) -> Bool {
        switch self.subject {
        case .all: true
        case .route(let name): name == response.route
        case .tag(let tag): response.tags.contains(tag)
        case .url(let purged): response.isOf(url: purged)
        case .prefix(let prefix): response.hasPrefix(prefix)
        }
    }
}
