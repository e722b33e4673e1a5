# Varnish as a cache, with its defaults.
vcl 4.1;

backend origin {
    .host = "@UPSTREAM_HOST@";
    .port = "@UPSTREAM_PORT@";
}

sub vcl_backend_fetch {
    # Every proxy in this comparison sends these two fields upstream. A hit does not need them.
    set bereq.http.X-Forwarded-Proto = "http";
    set bereq.http.X-Forwarded-Host = bereq.http.Host;
}

sub vcl_deliver {
    # No other peer adds them.
    unset resp.http.X-Varnish;
    unset resp.http.Via;
}
