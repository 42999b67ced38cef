# fish completion for symgrid. Made by tools/manual.py.
complete -c symgrid -f
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a check -d 'read a site file and say all that is wrong with it'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a init -d 'write a commented site file of your own, or an example'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a run -d 'run a site live, with its page on http://127.0.0.1:8048'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a simulate -d 'simulate days to years of a site and report'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a replay -d 'run a journal again and compare every command'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a top -d 'a running site as a live table'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a doctor -d 'test data, clock, disk, port and permissions of a machine'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a explain -d 'why a site did what it did at one moment, from its journal'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a query -d 'ask the telemetry of a site, in SQL'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a token -d 'say who may sign in to a running site'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a audit -d 'show who changed what, when'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a forecast -d 'say what measured series do next, with intervals and skill'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a plan -d 'solve a dispatch problem (symgrid.dispatch/1)'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a control -d 'solve an allocation problem (symgrid.allocation/1)'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a model -d 'list the device models, or run one on rows of CSV'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -a bench -d 'measure how fast the models run on this machine'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -l help -d 'tell what there is'
complete -c symgrid -n 'not __fish_seen_subcommand_from check init run simulate replay top doctor explain query token audit forecast plan control model bench' -l version -d 'tell the version'
complete -c symgrid -n '__fish_seen_subcommand_from check' -l json -d 'write the diagnostics and a summary as one JSON object'
complete -c symgrid -n '__fish_seen_subcommand_from check' -l notes -d 'show notes too, not only errors and warnings'
complete -c symgrid -n '__fish_seen_subcommand_from check' -l explain -d 'show the line of each, and say what the site\'s figures mean'
complete -c symgrid -n '__fish_seen_subcommand_from check' -F
complete -c symgrid -n '__fish_seen_subcommand_from init' -l title -d 'What is the site called?' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l timezone -d 'In which time zone is it? A fixed offset without summer time, such as ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l racks -d 'How many racks?' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l rack-power -d 'How much may one rack draw at most?' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l feeders -d 'On how many feeders (PDUs) do they hang? As many racks on each' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l grid -d 'How much may be drawn from the grid?' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l export -d 'How much may be fed in? 0kW where nothing may' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l battery -d 'How large is the battery? 0kWh for none' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l battery-power -d 'How fast may it charge and discharge?' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l solar -d 'How much do the solar panels give at most? 0kW for none' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l price -d 'What does energy from the grid cost? A price, or a CSV file with one ...' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from init' -l price-time -d 'Which column of it holds the times? Of a CSV file; guessed from its ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l price-column -d 'Which column of it holds the prices? Of a CSV file; guessed from its ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l price-unit -d 'In which unit are they? Of a CSV file, such as EUR/MWh; guessed from ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l feed-in -d 'What does energy fed in bring? Such as 0.08 EUR/kWh' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l demand-charge -d 'What does the month\'s highest quarter hour cost? Such as 10 EUR/kW; 0 ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from init' -l ask -d 'ask each of these at the terminal; Enter takes what stands in brackets'
complete -c symgrid -n '__fish_seen_subcommand_from init' -l example -d 'the example: four racks, panels, battery, a price by day and night'
complete -c symgrid -n '__fish_seen_subcommand_from init' -a '(__fish_complete_directories)'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l listen -d 'where to serve' -r -a '127.0.0.1:8048 127.0.0.1:0'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l no-serve -d 'no page and no API'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l tls-cert -d 'certificate (chain) and key as PEM: HTTPS, TLS 1.3 only' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from run' -l tls-key -d 'the key' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from run' -l host-name -d 'a name by which this server is reached, for the Host header' -r
complete -c symgrid -n '__fish_seen_subcommand_from run' -l tokens -d 'who may sign in' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from run' -l insecure-http -d 'beyond loopback without TLS: tokens can be read on the way'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l trust-loopback -d 'who can connect to loopback may operate without a token'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l data -d 'journal and telemetry; `none` keeps nothing' -r -a '(__fish_complete_directories)'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l for -d 'stop after so much site time, e.g. 30s' -r -a '30s 15min 1h 24h 7d 30d 365d'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l speed -d 'times real time, or `max` for as fast as it goes' -r -a '1 10 60 max'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l from -d 'site time to start at' -r
complete -c symgrid -n '__fish_seen_subcommand_from run' -l step -d 'control step' -r -a '100ms 1s 1min 15min'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l policy -d 'static, rules or mpc' -r -a 'static rules mpc'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l plan-every -d 'mpc: a new plan every so often' -r -a '5min 15min 1h'
complete -c symgrid -n '__fish_seen_subcommand_from run' -l webhook -d 'send alarms there as they are raised and cleared, signed' -r
complete -c symgrid -n '__fish_seen_subcommand_from run' -l webhook-secret -d 'the key that signs them' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from run' -l webhook-ca -d 'who may vouch for the receiver, PEM' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from run' -F
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l from -d 'where to start, e.g. 2023-01-01' -r
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l for -d 'how long, e.g. 30d, 365d' -r -a '30s 15min 1h 24h 7d 30d 365d'
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l step -d 'length of a step, 10ms to 1h' -r -a '100ms 1s 1min 15min'
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l policy -d 'static   stores stand still: the baseline rules    own surplus first, ...' -r -a 'static rules mpc perfect'
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l plan-every -d 'mpc: a new plan every so often' -r -a '5min 15min 1h'
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l study -d 'what planning again is worth: no store, plans once a day, every 30 min ...' -r -a 'rolling breakers regulation swings'
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l report -d 'FILE.html: one self-contained page with plots; FILE.json: ...' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l trace -d 'power and stored energy over time: FILE.csv as lines, else one SVG ...' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l json -d 'symgrid.report/1 on stdout instead of a table'
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l seed -d 'of drawn series and random faults' -r
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l no-baseline -d 'do not run `static` beside it'
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l seeds -d 'instead of a report: for each seed a random small site (or SITE) at ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l faults -d 'with --seeds: devices, sensors, links, clock, planner and engine fail ...'
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -l jobs -d 'with --seeds: so many at once' -r
complete -c symgrid -n '__fish_seen_subcommand_from simulate' -F
complete -c symgrid -n '__fish_seen_subcommand_from replay' -l from-segment -d 'start at a later segment' -r
complete -c symgrid -n '__fish_seen_subcommand_from replay' -l json -d 'a machine-readable answer'
complete -c symgrid -n '__fish_seen_subcommand_from replay' -a '(__fish_complete_directories)'
complete -c symgrid -n '__fish_seen_subcommand_from top' -l every -d 'time between two looks, 100ms to 1h' -r -a '100ms 1s 10s 1min'
complete -c symgrid -n '__fish_seen_subcommand_from top' -l count -d 'end after so many' -r
complete -c symgrid -n '__fish_seen_subcommand_from top' -l token-file -d 'a file with the token that the API asks for, on its first line' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from top' -l ca -d 'https: who may vouch for the server, PEM' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from top' -l json -d 'the telemetry documents themselves, one a line'
complete -c symgrid -n '__fish_seen_subcommand_from top' -a 'http://127.0.0.1:8048'
complete -c symgrid -n '__fish_seen_subcommand_from doctor' -l data -d 'the data folder of `symgrid run`' -r -a '(__fish_complete_directories)'
complete -c symgrid -n '__fish_seen_subcommand_from doctor' -l listen -d 'where the site is to be served' -r -a '127.0.0.1:8048 127.0.0.1:0'
complete -c symgrid -n '__fish_seen_subcommand_from doctor' -l json -d 'symgrid.doctor/1 on standard output instead of lines'
complete -c symgrid -n '__fish_seen_subcommand_from doctor' -F
complete -c symgrid -n '__fish_seen_subcommand_from explain' -l at -d 'the moment, e.g. 2023-06-01T06:00:05Z' -r
complete -c symgrid -n '__fish_seen_subcommand_from explain' -l device -d 'a device, group or node, e.g. battery, web-3, pdu-1, grid' -r -a 'grid'
complete -c symgrid -n '__fish_seen_subcommand_from explain' -l data -d 'the data folder of `symgrid run`' -r -a '(__fish_complete_directories)'
complete -c symgrid -n '__fish_seen_subcommand_from explain' -l json -d 'symgrid.explanation/1 on standard output instead of sentences'
complete -c symgrid -n '__fish_seen_subcommand_from explain' -F
complete -c symgrid -n '__fish_seen_subcommand_from query' -l data -d 'the directory that `symgrid run --data DIR` writes' -r -a '(__fish_complete_directories)'
complete -c symgrid -n '__fish_seen_subcommand_from query' -l json -d '{"columns":[...],"rows":[[...]],"truncated":false}'
complete -c symgrid -n '__fish_seen_subcommand_from query' -l csv -d 'comma separated, with a head line'
complete -c symgrid -n '__fish_seen_subcommand_from token' -l role -d 'viewer (reads), operator (asks for power, acknowledges, rehearses) or ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from token' -l data -d 'the data folder of the site, which holds the file `tokens`; changes are ...' -r -a '(__fish_complete_directories)'
complete -c symgrid -n '__fish_seen_subcommand_from token' -l tokens -d 'another tokens file, without a note' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from token' -l json -d 'names, roles and times as JSON'
complete -c symgrid -n '__fish_seen_subcommand_from token' -F
complete -c symgrid -n '__fish_seen_subcommand_from audit' -l data -d 'the data folder of the site' -r -a '(__fish_complete_directories)'
complete -c symgrid -n '__fish_seen_subcommand_from audit' -l from -d 'entries since then' -r
complete -c symgrid -n '__fish_seen_subcommand_from audit' -l to -d 'and before then' -r
complete -c symgrid -n '__fish_seen_subcommand_from audit' -l limit -d 'at most so many' -r
complete -c symgrid -n '__fish_seen_subcommand_from audit' -l json -d 'whole entries, with what was asked, before and after'
complete -c symgrid -n '__fish_seen_subcommand_from audit' -F
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l horizon -d 'rows to look ahead, up to 4096' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l time -d 'the column with the rows\' times; else the first one named date, ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l target -d 'the columns to forecast; else all that are not the time' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l model -d 'one model alone; auto, the default, mixes all of them by what they were ...' -r -a '(symgrid forecast --list 2>/dev/null | string replace -r \' .*\' \'\')'
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l inputs -d 'columns that tell something of the targets and are seen up to now' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l known -d 'the same of what is known ahead (weather forecast, price of tomorrow): ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l calendar -d 'the time of day, days off, Mondays, made from the times'
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l holidays -d '--calendar, and rows where COL is not 0 are holidays; COL is known ahead' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l sun -d 'targets are sunlight or its power there, in degrees north and east: ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l zone -d 'of times that name no zone, and of the calendar; else UTC' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l intervals -d 'shares of the truth that lie inside: 0.8,0.95 unless told otherwise' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l season -d 'rows of a day; else from the times' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l overload -d 'how likely each column passes it within the horizon, and what warnings ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l plot -d 'a picture of the first four series' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l backtest -d 'learn from the first rows and be held against the last ones'
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l train -d 'rows in order; --val 0: the last fifth of the train rows' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l val -d 'rows in order; --val 0: the last fifth of the train rows' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l test -d 'rows in order; --val 0: the last fifth of the train rows' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l stride -d 'every Nth window of the test rows; 1 unless told otherwise' -r
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l standardize -d 'each column by mean and deviation of its train rows'
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l fixed -d 'auto\'s weights stay as the val rows left them, instead of following ...'
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l list -d 'the models'
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -l json -d 'write symgrid.forecast/1 instead of a table'
complete -c symgrid -n '__fish_seen_subcommand_from forecast' -F
complete -c symgrid -n '__fish_seen_subcommand_from plan' -l problem -d 'a symgrid.dispatch/1 document; \'-\' reads standard input' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from plan' -l arbitrage -d 'a symgrid.arbitrage/1 document: the Pi0-QTEN study\'s transfers between ...' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from plan' -l explain -d 'add the reason of every step and what one more of each limit is worth'
complete -c symgrid -n '__fish_seen_subcommand_from plan' -l json -d 'write symgrid.schedule/1 (symgrid.arbitrage-plan/1) instead of a table'
complete -c symgrid -n '__fish_seen_subcommand_from plan' -l seconds -d 'give up after about S seconds' -r
complete -c symgrid -n '__fish_seen_subcommand_from plan' -l solver -d 'auto, own, clp, or highs where this machine has libhighs ...' -r -a 'auto own clp highs'
complete -c symgrid -n '__fish_seen_subcommand_from plan' -l vertex -d 'where schedules cost alike, end at a corner as a simplex does, not ...'
complete -c symgrid -n '__fish_seen_subcommand_from plan' -F
complete -c symgrid -n '__fish_seen_subcommand_from control' -l problem -d 'a symgrid.allocation/1 document; \'-\' reads standard input' -r -F
complete -c symgrid -n '__fish_seen_subcommand_from control' -l json -d 'write symgrid.setpoints/1 instead of a table'
complete -c symgrid -n '__fish_seen_subcommand_from control' -F
complete -c symgrid -n '__fish_seen_subcommand_from model' -l list -d 'the models, a line each'
complete -c symgrid -n '__fish_seen_subcommand_from model' -l set -d 'a parameter, with its unit' -r
complete -c symgrid -n '__fish_seen_subcommand_from model' -l columns -d 'take input N from the file\'s column C, and leave all other columns alone' -r
complete -c symgrid -n '__fish_seen_subcommand_from model' -l zone -d 'of times that name none, such as UTC-5' -r
complete -c symgrid -n '__fish_seen_subcommand_from model' -l example -d 'rows to try it with'
complete -c symgrid -n '__fish_seen_subcommand_from model' -l plot -d 'what it makes of them, as SVG'
complete -c symgrid -n '__fish_seen_subcommand_from model' -l markdown -d 'its parameters, inputs and outputs as tables'
complete -c symgrid -n '__fish_seen_subcommand_from model' -a '(symgrid model --list 2>/dev/null | string replace -r \' .*\' \'\')'
complete -c symgrid -n '__fish_seen_subcommand_from bench' -l json -d 'write one symgrid.bench/1 document instead of a table'
complete -c symgrid -n '__fish_seen_subcommand_from bench' -l seconds -d 'for each model; 0.3 unless told otherwise' -r
complete -c symgrid -n '__fish_seen_subcommand_from bench' -l sizes -d 'steps x stores of the sites, or steps of an arbitrage: 96x4,288x8,96 ...' -r -a '96x4 288x8 8760x4 1000 1000000'
complete -c symgrid -n '__fish_seen_subcommand_from bench' -l full -d 'the usual sizes and two of a whole year with 8 stores, 8760x8 and ...'
complete -c symgrid -n '__fish_seen_subcommand_from bench' -l races -d 'of cold, again, shift, arbitrage: only these, like cold,again; all of ...' -r -a 'cold again shift arbitrage cold,again'
complete -c symgrid -n '__fish_seen_subcommand_from bench' -l repeats -d 'medians of N solves, 20 unless told otherwise; fewer where they take a ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from bench' -l peer -d 'only our own; auto, the default, asks Clp, HiGHS, statsmodels as well' -r -a 'auto none'
complete -c symgrid -n '__fish_seen_subcommand_from bench' -l changed -d 'the part of the devices that changes in a tick, 0.1 unless told ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from bench' -l ticks -d 'ticks of every size, 100 unless told otherwise' -r
complete -c symgrid -n '__fish_seen_subcommand_from bench' -l threads -d 'plan, control, forecast: that share our own sweeps, 2 unless told ...' -r
complete -c symgrid -n '__fish_seen_subcommand_from bench' -a 'agent control forecast model plan'
