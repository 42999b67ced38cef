#compdef symgrid
# zsh completion for symgrid. Made by tools/manual.py.

# The first words of the lines that the program says.
_symgrid_said() {
    local -a said
    said=(${${(f)"$(symgrid "$@" 2>/dev/null)"}%% *})
    compadd -a said
}

_symgrid() {
    local -a verbs
    local state line
    verbs=(
        'check:read a site file and say all that is wrong with it'
        'init:write a commented site file of your own, or an example'
        'run:run a site live, with its page on http://127.0.0.1:8048'
        'simulate:simulate days to years of a site and report'
        'replay:run a journal again and compare every command'
        'top:a running site as a live table'
        'doctor:test data, clock, disk, port and permissions of a machine'
        'explain:why a site did what it did at one moment, from its journal'
        'query:ask the telemetry of a site, in SQL'
        'token:say who may sign in to a running site'
        'audit:show who changed what, when'
        'forecast:say what measured series do next, with intervals and skill'
        'plan:solve a dispatch problem (symgrid.dispatch/1)'
        'control:solve an allocation problem (symgrid.allocation/1)'
        'model:list the device models, or run one on rows of CSV'
        'bench:measure how fast the models run on this machine'
    )
    _arguments -C '--help[tell what there is]' '--version[tell the version]' '1: :->verb' '*:: :->rest'
    case $state in
    verb) _describe verb verbs ;;
    rest)
        case $line[1] in
        check) _arguments '--help[tell all about it]' \
            '--json[write the diagnostics and a summary as one JSON object]' \
            '--notes[show notes too, not only errors and warnings]' \
            '--explain[show the line of each, and say what the site'\''s figures mean]' \
            '*:word:_files' ;;
        init) _arguments '--help[tell all about it]' \
            '--title[What is the site called?]:NAME: ' \
            '--timezone[In which time zone is it? A fixed offset without summer time, such as ...]:ZONE: ' \
            '--racks[How many racks?]:N: ' \
            '--rack-power[How much may one rack draw at most?]:POWER: ' \
            '--feeders[On how many feeders (PDUs) do they hang? As many racks on each]:N: ' \
            '--grid[How much may be drawn from the grid?]:POWER: ' \
            '--export[How much may be fed in? 0kW where nothing may]:POWER: ' \
            '--battery[How large is the battery? 0kWh for none]:ENERGY: ' \
            '--battery-power[How fast may it charge and discharge?]:POWER: ' \
            '--solar[How much do the solar panels give at most? 0kW for none]:POWER: ' \
            '--price[What does energy from the grid cost? A price, or a CSV file with one ...]:PRICE:_files' \
            '--price-time[Which column of it holds the times? Of a CSV file; guessed from its ...]:NAME: ' \
            '--price-column[Which column of it holds the prices? Of a CSV file; guessed from its ...]:NAME: ' \
            '--price-unit[In which unit are they? Of a CSV file, such as EUR/MWh; guessed from ...]:UNIT: ' \
            '--feed-in[What does energy fed in bring? Such as 0.08 EUR/kWh]:PRICE: ' \
            '--demand-charge[What does the month'\''s highest quarter hour cost? Such as 10 EUR/kW; 0 ...]:PRICE: ' \
            '--ask[ask each of these at the terminal; Enter takes what stands in brackets]' \
            '--example[the example\: four racks, panels, battery, a price by day and night]' \
            '*:word:_files -/' ;;
        run) _arguments '--help[tell all about it]' \
            '--listen[where to serve]:ADDR_PORT:(127.0.0.1\:8048 127.0.0.1\:0)' \
            '--no-serve[no page and no API]' \
            '--tls-cert[certificate (chain) and key as PEM\: HTTPS, TLS 1.3 only]:FILE:_files' \
            '--tls-key[the key]:FILE:_files' \
            '--host-name[a name by which this server is reached, for the Host header]:NAME: ' \
            '--tokens[who may sign in]:FILE:_files' \
            '--insecure-http[beyond loopback without TLS\: tokens can be read on the way]' \
            '--trust-loopback[who can connect to loopback may operate without a token]' \
            '--data[journal and telemetry; `none` keeps nothing]:DIR:_files -/' \
            '--for[stop after so much site time, e.g. 30s]:DURATION:(30s 15min 1h 24h 7d 30d 365d)' \
            '--speed[times real time, or `max` for as fast as it goes]:N:(1 10 60 max)' \
            '--from[site time to start at]:TIME: ' \
            '--step[control step]:DURATION:(100ms 1s 1min 15min)' \
            '--policy[static, rules or mpc]:NAME:(static rules mpc)' \
            '--plan-every[mpc\: a new plan every so often]:D:(5min 15min 1h)' \
            '--webhook[send alarms there as they are raised and cleared, signed]:URL: ' \
            '--webhook-secret[the key that signs them]:FILE:_files' \
            '--webhook-ca[who may vouch for the receiver, PEM]:FILE:_files' \
            '*:word:_files' ;;
        simulate) _arguments '--help[tell all about it]' \
            '--from[where to start, e.g. 2023-01-01]:TIME: ' \
            '--for[how long, e.g. 30d, 365d]:DURATION:(30s 15min 1h 24h 7d 30d 365d)' \
            '--step[length of a step, 10ms to 1h]:DURATION:(100ms 1s 1min 15min)' \
            '--policy[static   stores stand still\: the baseline rules    own surplus first, ...]:NAME:(static rules mpc perfect)' \
            '--plan-every[mpc\: a new plan every so often]:D:(5min 15min 1h)' \
            '--study[what planning again is worth\: no store, plans once a day, every 30 min ...]:rolling:(rolling breakers regulation swings)' \
            '--report[FILE.html\: one self-contained page with plots; FILE.json\: ...]:FILE:_files' \
            '--trace[power and stored energy over time\: FILE.csv as lines, else one SVG ...]:FILE:_files' \
            '--json[symgrid.report/1 on stdout instead of a table]' \
            '--seed[of drawn series and random faults]:N: ' \
            '--no-baseline[do not run `static` beside it]' \
            '--seeds[instead of a report\: for each seed a random small site (or SITE) at ...]:A..B: ' \
            '--faults[with --seeds\: devices, sensors, links, clock, planner and engine fail ...]' \
            '--jobs[with --seeds\: so many at once]:N: ' \
            '*:word:_files' ;;
        replay) _arguments '--help[tell all about it]' \
            '--from-segment[start at a later segment]:N: ' \
            '--json[a machine-readable answer]' \
            '*:word:_files -/' ;;
        top) _arguments '--help[tell all about it]' \
            '--every[time between two looks, 100ms to 1h]:DURATION:(100ms 1s 10s 1min)' \
            '--count[end after so many]:N: ' \
            '--token-file[a file with the token that the API asks for, on its first line]:FILE:_files' \
            '--ca[https\: who may vouch for the server, PEM]:FILE:_files' \
            '--json[the telemetry documents themselves, one a line]' \
            '*:word:(http\://127.0.0.1\:8048)' ;;
        doctor) _arguments '--help[tell all about it]' \
            '--data[the data folder of `symgrid run`]:DIR:_files -/' \
            '--listen[where the site is to be served]:ADDR_PORT:(127.0.0.1\:8048 127.0.0.1\:0)' \
            '--json[symgrid.doctor/1 on standard output instead of lines]' \
            '*:word:_files' ;;
        explain) _arguments '--help[tell all about it]' \
            '--at[the moment, e.g. 2023-06-01T06\:00\:05Z]:TIME: ' \
            '--device[a device, group or node, e.g. battery, web-3, pdu-1, grid]:ID:(grid)' \
            '--data[the data folder of `symgrid run`]:DIR:_files -/' \
            '--json[symgrid.explanation/1 on standard output instead of sentences]' \
            '*:word:_files' ;;
        query) _arguments '--help[tell all about it]' \
            '--data[the directory that `symgrid run --data DIR` writes]:DIR:_files -/' \
            '--json[{"columns"\:\[...\],"rows"\:\[\[...\]\],"truncated"\:false}]' \
            '--csv[comma separated, with a head line]' \
            '*:word: ' ;;
        token) _arguments '--help[tell all about it]' \
            '--role[viewer (reads), operator (asks for power, acknowledges, rehearses) or ...]:ROLE: ' \
            '--data[the data folder of the site, which holds the file `tokens`; changes are ...]:DIR:_files -/' \
            '--tokens[another tokens file, without a note]:FILE:_files' \
            '--json[names, roles and times as JSON]' \
            '*:word:_files' ;;
        audit) _arguments '--help[tell all about it]' \
            '--data[the data folder of the site]:DIR:_files -/' \
            '--from[entries since then]:TIME: ' \
            '--to[and before then]:TIME: ' \
            '--limit[at most so many]:N: ' \
            '--json[whole entries, with what was asked, before and after]' \
            '*:word:_files' ;;
        forecast) _arguments '--help[tell all about it]' \
            '--horizon[rows to look ahead, up to 4096]:N: ' \
            '--time[the column with the rows'\'' times; else the first one named date, ...]:COL: ' \
            '--target[the columns to forecast; else all that are not the time]:COL,...: ' \
            '--model[one model alone; auto, the default, mixes all of them by what they were ...]:NAME:{_symgrid_said forecast --list}' \
            '--inputs[columns that tell something of the targets and are seen up to now]:COL,...: ' \
            '--known[the same of what is known ahead (weather forecast, price of tomorrow)\: ...]:COL,...: ' \
            '--calendar[the time of day, days off, Mondays, made from the times]' \
            '--holidays[--calendar, and rows where COL is not 0 are holidays; COL is known ahead]:COL: ' \
            '--sun[targets are sunlight or its power there, in degrees north and east\: ...]:LAT,LON: ' \
            '--zone[of times that name no zone, and of the calendar; else UTC]:UTC+N: ' \
            '--intervals[shares of the truth that lie inside\: 0.8,0.95 unless told otherwise]:L,...: ' \
            '--season[rows of a day; else from the times]:N: ' \
            '--overload[how likely each column passes it within the horizon, and what warnings ...]:LIMIT: ' \
            '--plot[a picture of the first four series]:FILE.svg:_files' \
            '--backtest[learn from the first rows and be held against the last ones]' \
            '--train[rows in order; --val 0\: the last fifth of the train rows]:N: ' \
            '--val[rows in order; --val 0\: the last fifth of the train rows]:N: ' \
            '--test[rows in order; --val 0\: the last fifth of the train rows]:N: ' \
            '--stride[every Nth window of the test rows; 1 unless told otherwise]:N: ' \
            '--standardize[each column by mean and deviation of its train rows]' \
            '--fixed[auto'\''s weights stay as the val rows left them, instead of following ...]' \
            '--list[the models]' \
            '--json[write symgrid.forecast/1 instead of a table]' \
            '*:word:_files' ;;
        plan) _arguments '--help[tell all about it]' \
            '--problem[a symgrid.dispatch/1 document; '\''-'\'' reads standard input]:FILE:_files' \
            '--arbitrage[a symgrid.arbitrage/1 document\: the Pi0-QTEN study'\''s transfers between ...]:FILE:_files' \
            '--explain[add the reason of every step and what one more of each limit is worth]' \
            '--json[write symgrid.schedule/1 (symgrid.arbitrage-plan/1) instead of a table]' \
            '--seconds[give up after about S seconds]:S: ' \
            '--solver[auto, own, clp, or highs where this machine has libhighs ...]:NAME:(auto own clp highs)' \
            '--vertex[where schedules cost alike, end at a corner as a simplex does, not ...]' \
            '*:word:_files' ;;
        control) _arguments '--help[tell all about it]' \
            '--problem[a symgrid.allocation/1 document; '\''-'\'' reads standard input]:FILE:_files' \
            '--json[write symgrid.setpoints/1 instead of a table]' \
            '*:word:_files' ;;
        model) _arguments '--help[tell all about it]' \
            '--list[the models, a line each]' \
            '*--set[a parameter, with its unit]:KEY=VALUE: ' \
            '--columns[take input N from the file'\''s column C, and leave all other columns alone]:N=C,...: ' \
            '--zone[of times that name none, such as UTC-5]:ZONE: ' \
            '--example[rows to try it with]' \
            '--plot[what it makes of them, as SVG]' \
            '--markdown[its parameters, inputs and outputs as tables]' \
            '*:word:{_symgrid_said model --list}' ;;
        bench) _arguments '--help[tell all about it]' \
            '--json[write one symgrid.bench/1 document instead of a table]' \
            '--seconds[for each model; 0.3 unless told otherwise]:S: ' \
            '--sizes[steps x stores of the sites, or steps of an arbitrage\: 96x4,288x8,96 ...]:LIST:(96x4 288x8 8760x4 1000 1000000)' \
            '--full[the usual sizes and two of a whole year with 8 stores, 8760x8 and ...]' \
            '--races[of cold, again, shift, arbitrage\: only these, like cold,again; all of ...]:LIST:(cold again shift arbitrage cold,again)' \
            '--repeats[medians of N solves, 20 unless told otherwise; fewer where they take a ...]:N: ' \
            '--peer[only our own; auto, the default, asks Clp, HiGHS, statsmodels as well]:none:(auto none)' \
            '--changed[the part of the devices that changes in a tick, 0.1 unless told ...]:F: ' \
            '--ticks[ticks of every size, 100 unless told otherwise]:N: ' \
            '--threads[plan, control, forecast\: that share our own sweeps, 2 unless told ...]:N: ' \
            '*:word:(agent control forecast model plan)' ;;
        esac ;;
    esac
}
_symgrid "$@"
