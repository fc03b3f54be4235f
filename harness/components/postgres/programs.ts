/**
 * sh that puts the folders first on the PATH in which images have the server's programs of the major $VERSION. Beside a machine, with
 * its disk alone, nothing of its boot is there, and so not what boot.sh found.
 */
export const PROGRAMS_ON_PATH = `for dir in /usr/lib/postgresql*/bin /opt/bitnami/postgresql/bin /usr/local/bin /usr/local/pgsql/bin "/usr/pgsql-$VERSION/bin" "/usr/lib/postgresql/$VERSION/bin"; do PATH=$dir:$PATH; done`;
