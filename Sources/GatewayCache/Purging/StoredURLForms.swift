/// The forms of a URL under which routes store the responses to requests for it: they may leave out its host, and drop or sort
/// its parameters. A purge of a URL concerns all of them.
package struct StoredURLForms: Hashable, Sendable {
    /// Which parameters of a query count, as some routes have it.
    package var queries: [QueryRules]
    /// Whether some route lets all hosts share their responses.
    package var hasURLsWithoutHost: Bool

    package init(queries: [QueryRules] = [], hasURLsWithoutHost: Bool = false) {
        self.queries = queries
        self.hasURLsWithoutHost = hasURLsWithoutHost
    }

    /// The URL itself comes first.
    package func forms(of url: CacheURL) -> [CacheURL] {
        var forms = [url]
        for rules in self.queries {
            guard let form = url.applying(rules), !forms.contains(form) else { continue }
            forms.append(form)
        }
        return self.hasURLsWithoutHost ? forms + forms.map(\.withoutHost) : forms
    }

    package func forms(of purge: Purge) -> [Purge] {
        switch purge.subject {
        case .url(let url):
            return self.forms(of: CacheURL(text: url)).map { Purge(.url($0.text), isSoft: purge.isSoft) }
        case .prefix(let prefix) where self.hasURLsWithoutHost:
            return [purge, Purge(.prefix(CacheURL(text: prefix).withoutHost.text), isSoft: purge.isSoft)]
        case .all, .route, .tag, .prefix: return [purge]
        }
    }
}
