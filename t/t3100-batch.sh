#!/bin/sh

test_description='batch: requests and answers as JSON lines'
. "$(dirname "$0")/lib.sh"

# Requests on standard input, answers in out.
run() {
	drift batch "$@" >out
}

# The answer on line $1 is exactly standard input.
answer() {
	cat >expect && sed -n "$1p" out >line && test_cmp expect line
}

blob() {
	printf "%s" "$1" | drift hash-object --stdin
}

test_expect_success 'put, get, commit' '
	drift init -q &&
	run <<-\END &&
	{"op":"put","path":"users/1","json":{"name": "Ann", "n": 1.50}}
	{"op":"get","path":"users/1"}
	{"op":"commit","message":"one"}
	{"op":"get","path":"users/1"}
	END
	answer 1 <<-\END &&
	{"ok":true}
	END
	answer 2 <<-END &&
	{"found":true,"id":"$(blob "{\"name\": \"Ann\", \"n\": 1.50}")","json":{"name": "Ann", "n": 1.50},"ok":true,"size":26}
	END
	sed -n 2p out >two && sed -n 4p out >four && test_cmp two four &&
	answer 3 <<-END &&
	{"changed":1,"id":"$(drift rev-parse HEAD)","ok":true,"seq":1}
	END
	printf "%s" "{\"name\": \"Ann\", \"n\": 1.50}" >expect &&
	drift get users/1 >got && test_cmp_bin expect got
'

test_expect_success 'text, base64, bytes that are not UTF-8, paths that are not' '
	run <<-\END &&
	{"op":"put","path":"t/text","text":"a\nb\u00e9"}
	{"op":"put","path":"t/bin","base64":"AP8="}
	{"op":"put","path_b64":"dC//","text":"odd"}
	{"op":"get","path":"t/text"}
	{"op":"get","path":"t/bin"}
	{"op":"get","path_b64":"dC//"}
	{"op":"get","path":"users/1","as":"text"}
	{"op":"get","path":"users/1","as":"base64"}
	{"op":"ls","prefix":"t/"}
	{"op":"commit","message":"forms"}
	END
	test_grep "\"text\":\"a.nbé\"" out && test_grep "\"base64\":\"AP8=\"" out && test_grep "\"text\":\"odd\"" out &&
	test_grep "\"path_b64\":\"dC//\"" out && test_grep "\"text\":\"{.\"name.\"" out && test_grep "\"base64\":\"eyJu" out &&
	drift get t/bin >got && printf "\000\377" >expect && test_cmp_bin expect got
'

test_expect_success 'JSON on several lines comes on one' '
	printf "{\n  \"b\": 1.0,\n  \"a\": 2\n}\n" >doc && drift put users/2 doc -m lines -q &&
	echo "{\"op\":\"get\",\"path\":\"users/2\"}" | run && test_line_count = 1 out && test_grep "{\"b\":1.0,\"a\":2}" out
'

test_expect_success 'patches, and reads that see them' '
	run <<-\END &&
	{"op":"patch","path":"users/1","patch":{"n":2}}
	{"op":"get","path":"users/1"}
	{"op":"patch","path":"users/1","json_patch":[{"op":"add","path":"/m","value":[1]}]}
	{"op":"get","path":"users/1"}
	{"op":"commit","message":"patched"}
	END
	test_grep "{\"n\":2,\"name\":\"Ann\"}" out &&
	drift get users/1 >got && printf "{\"m\":[1],\"n\":2,\"name\":\"Ann\"}" >expect && test_cmp_bin expect got
'

test_expect_success 'the tag comes back as it was' '
	run <<-\END &&
	{"op":"sync","tag":{"b": [1, "x"], "a":1.0}}
	{"op":"nonsense","tag":"t"}
	{"op":"commit","message":"x","tag":3}
	END
	answer 1 <<-\END &&
	{"ok":true,"tag":{"b": [1, "x"], "a":1.0}}
	END
	sed 1d out >rest && test_grep "\"tag\":\"t\"" rest && test_grep "\"tag\":3" rest
'

test_expect_success 'failures say what, and the stream goes on' '
	run <<-\END &&
	nonsense
	[1]
	{"op":"put"}
	{"op":"put","path":"a//b","json":1}
	{"op":"put","path":"a/b"}
	{"op":"put","path":1,"json":1}
	{"op":"put","path":"a/b","base64":"?"}
	{"op":"put","path":"a/b","json":1} x
	{"op":"commit"}
	{"op":"commit","message":"nothing"}
	{"op":"get","path":"no/such"}
	{"op":"rm","path":"no/such"}
	{"op":"commit","message":"rm"}
	{"op":"get","path":"users/1","at":"no-such"}
	{"op":"get","path":"users/1","branch":"no-such"}
	{"op":"get","path":"users/1"}
	END
	test_line_count = 16 out &&
	cut -d, -f1 out >codes &&
	cat >expect <<-\END &&
	{"code":"invalid"
	{"code":"invalid"
	{"code":"invalid"
	{"code":"invalid"
	{"code":"invalid"
	{"code":"invalid"
	{"code":"invalid"
	{"code":"invalid"
	{"code":"invalid"
	{"code":"nothing"
	{"found":false
	{"ok":true}
	{"code":"not_found"
	{"code":"not_found"
	{"code":"not_found"
	{"found":true
	END
	test_cmp expect codes &&
	head -n 1 out >line && test_grep "\"error\":\"line 1: .*\",\"ok\":false}$" line
'

test_expect_success 'what is no JSON: the line once' '
	run <<-\END &&
	{"op":"get","path":"users/1"}
	{"op":"get",
	END
	sed -n 2p out >line && test_grep "\"error\":\"line 2: column 13: [^:]*\",\"ok\":false}$" line
'

test_expect_success 'rm, ls, abort' '
	run <<-\END &&
	{"op":"put","path":"l/1","json":1}
	{"op":"put","path":"l/2","json":2}
	{"op":"commit","message":"l"}
	{"op":"rm","path":"l/1"}
	{"op":"put","path":"l/10","json":10}
	{"op":"put","path":"l/3","json":3}
	{"op":"put","path":"k/0","json":0}
	{"op":"ls","prefix":"l/"}
	{"op":"ls","prefix":"l/","limit":2}
	{"op":"ls","prefix":"l/","after":"l/2"}
	{"op":"ls","prefix":"l/","at":"HEAD"}
	{"op":"abort"}
	{"op":"ls","prefix":"l/"}
	{"op":"ls","limit":1}
	{"op":"ls","limit":100,"after":"l/1"}
	END
	paths() { sed -n "$1p" out | grep -o "\"path\":\"[^\"]*\"" | cut -d\" -f4 | tr "\n" " "; } &&
	test "$(paths 8)" = "l/10 l/2 l/3 " && test "$(paths 9)" = "l/10 l/2 " && test "$(paths 10)" = "l/3 " &&
	test "$(paths 11)" = "l/1 l/2 " && test "$(paths 13)" = "l/1 l/2 " && test "$(paths 14)" = "l/1 " &&
	sed -n 9p out >line && test_grep "\"more\":true" line && sed -n 8p out >line && test_grep "\"more\":false" line &&
	case "$(paths 15)" in "l/2 t/"*) true ;; *) false ;; esac &&
	answer 12 <<-\END
	{"dropped":4,"ok":true}
	END
'

test_expect_success 'commit: who, when, where, and on what' '
	tip=$(drift rev-parse HEAD) && zero=$(echo "$tip" | tr 0-9a-f 0) &&
	run <<-END &&
	{"op":"put","path":"c/1","json":1}
	{"op":"commit","message":"who","author":"B <b@c>","date":"2024-01-02T03:04:05+01:00","expect":"$tip"}
	{"op":"put","path":"c/1","json":2}
	{"op":"commit","message":"late","expect":"$tip"}
	{"op":"put","path":"c/1","json":3}
	{"op":"commit","message":"new branch","branch":"topic"}
	{"op":"put","path":"c/1","json":3}
	{"op":"commit","message":"new branch","branch":"topic","expect":"absent"}
	{"op":"put","path":"c/1","json":4}
	{"op":"commit","message":"more","branch":"topic","expect":"topic"}
	{"op":"get","path":"c/1","branch":"topic"}
	{"op":"get","path":"c/1"}
	{"op":"commit","message":"empty","allow_empty":true}
	END
	cut -d, -f1 out | cut -c1-10 >codes &&
	sed -n 2p codes >line && echo "{\"changed\"" >expect && test_cmp expect line &&
	sed -n 4p out >line && test_grep clash line && sed -n 6p out >line && test_grep not_found line &&
	sed -n 11p out >line && test_grep "\"json\":4" line && sed -n 12p out >line && test_grep "\"json\":1" line &&
	drift log --format="%an %aI %s" -n 1 HEAD~1 >out && echo "B 2024-01-02T03:04:05+01:00 who" >expect && test_cmp expect out &&
	drift rev-list --count topic >out && echo 2 >expect && test_cmp expect out
'

test_expect_success 'if_match' '
	one=$(drift rev-parse HEAD:c/1) &&
	run <<-END &&
	{"op":"put","path":"c/1","json":5,"if_match":"$one"}
	{"op":"commit","message":"a"}
	{"op":"put","path":"c/1","json":6,"if_match":"$one"}
	{"op":"commit","message":"b"}
	{"op":"put","path":"c/new","json":6,"if_match":"absent"}
	{"op":"commit","message":"c"}
	{"op":"rm","path":"c/new","if_match":"absent"}
	{"op":"commit","message":"d"}
	{"op":"put","path":"c/1","json":1,"if_match":"short"}
	END
	grep -c "\"changed\":1" out >count && echo 2 >expect && test_cmp expect count &&
	grep -c "\"code\":\"clash\"" out >count && test_cmp expect count &&
	tail -n 1 out >line && test_grep "neither an id" line
'

test_expect_success 'a commit that fails takes its changes with it' '
	run <<-\END &&
	{"op":"put","path":"d/1","json":1}
	{"op":"rm","path":"no/such"}
	{"op":"commit","message":"fails"}
	{"op":"put","path":"d/2","json":2}
	{"op":"commit","message":"works"}
	END
	drift diff-tree -r --name-only HEAD >out && echo d/2 >expect && test_cmp expect out
'

test_expect_success '--atomic: a change that failed spoils its commit' '
	cat >in <<-\END &&
	{"op":"put","path":"e/1","json":1}
	{"op":"put","path":"e//2","json":1}
	{"op":"commit","message":"half"}
	{"op":"put","path":"e/3","json":1}
	{"op":"commit","message":"whole"}
	END
	run --atomic <in && grep -c "\"changed\":1" out >count && echo 1 >expect && test_cmp expect count &&
	drift ls e/ >out && echo e/3 >expect && test_cmp expect out &&
	run <in && drift ls e/ >out && printf "e/1\ne/3\n" >expect && test_cmp expect out
'

test_expect_success 'log, history, diff' '
	run <<-\END &&
	{"op":"log","n":2}
	{"op":"log","n":1,"at":"HEAD~1"}
	{"op":"history","path":"users/1"}
	{"op":"history","path":"users/1","n":1}
	{"op":"diff","from":"HEAD~1"}
	{"op":"diff","from":"HEAD~1","to":"HEAD~1"}
	{"op":"diff","from":"@seq:1","to":"@seq:2","prefix":"t/","limit":1}
	{"op":"diff"}
	END
	sed -n 1p out | grep -o "\"seq\"" >count && test_line_count = 2 count &&
	sed -n 3p out | grep -o "\"change\":\"[a-z]*\"" | tr "\n" " " >line &&
	echo "\"change\":\"modify\" \"change\":\"add\" " | tr -d "\n" >expect && test_cmp expect line &&
	sed -n 4p out | grep -o "\"change\"" >count && test_line_count = 1 count &&
	sed -n 5p out >line && test_grep "\"changes\":\[{\"change\":\"" line &&
	answer 6 <<-\END &&
	{"changes":[],"more":false,"ok":true}
	END
	sed -n 7p out >line && test_grep "\"more\":true" line && sed -n 8p out >line && test_grep "from.* is missing" line
'

test_expect_success 'refs' '
	tip=$(drift rev-parse HEAD) &&
	run <<-END &&
	{"op":"ref","name":"HEAD"}
	{"op":"ref","name":"refs/heads/no"}
	{"op":"ref","name":"refs/heads/new","new":"HEAD","old":"absent"}
	{"op":"ref","name":"refs/heads/new","new":"HEAD~1","old":"absent"}
	{"op":"ref","name":"refs/heads/new"}
	{"op":"ref","name":"refs/heads/new","delete":true,"old":"$tip"}
	{"op":"refs","prefix":"refs/heads/n"}
	END
	cat >expect <<-END &&
	{"found":true,"id":"$tip","ok":true,"target":"refs/heads/main"}
	{"found":false,"ok":true}
	{"ok":true}
	END
	head -n 3 out >first && test_cmp expect first &&
	sed -n 4p out >line && test_grep "\"code\":\"clash\"" line &&
	answer 7 <<-\END
	{"ok":true,"refs":[]}
	END
'

test_expect_success 'refs of the store'"'"'s own are not listed' '
	drift init -q own && drift -C own put c/k -j 1 && echo "{\"op\":\"refs\",\"prefix\":\"\"}" | drift -C own batch >out &&
	echo "{\"ok\":true,\"refs\":[{\"name\":\"HEAD\",\"target\":\"refs/heads/main\"}]}" >expect && test_cmp expect out
'

test_expect_success 'the stage of people is left alone' '
	drift put s/1 -j 1 && echo "{\"op\":\"get\",\"path\":\"s/1\"}" | run && test_grep "\"found\":false" out &&
	printf "%s\n" "{\"op\":\"put\",\"path\":\"s/2\",\"json\":1}" "{\"op\":\"commit\",\"message\":\"s\"}" | run &&
	drift status -s >out && echo "A s/1" >expect && test_cmp expect out
'

test_expect_success '--branch' '
	printf "%s\n" "{\"op\":\"put\",\"path\":\"b/1\",\"json\":1}" "{\"op\":\"commit\",\"message\":\"b\"}" "{\"op\":\"get\",\"path\":\"b/1\"}" |
		run --branch topic && test_grep "\"found\":true" out &&
	drift get topic:b/1 >out && test_expect_code 1 drift get HEAD:b/1
'

test_expect_success 'an answer comes before the next request, and only when it is durable' '
	mkfifo in_pipe out_pipe &&
	{ drift batch <in_pipe >out_pipe & } &&
	exec 8>in_pipe 9<out_pipe &&
	echo "{\"op\":\"put\",\"path\":\"p/1\",\"json\":1}" >&8 && read -r line <&9 && test "$line" = "{\"ok\":true}" &&
	echo "{\"op\":\"commit\",\"message\":\"p\"}" >&8 && read -r line <&9 &&
	drift rev-parse HEAD >id && echo "$line" >line && test_grep "$(cat id)" line &&
	exec 8>&- 9<&-
'

test_expect_success 'many commits at once' '
	i=0 && while test $i -lt 1500; do
		echo "{\"op\":\"put\",\"path\":\"m/$((i % 7))\",\"json\":$i}" &&
		echo "{\"op\":\"commit\",\"message\":\"$i\"}" &&
		i=$((i + 1)) || exit 1
	done >in &&
	drift rev-list --count HEAD >before &&
	run <in && test_line_count = 3000 out && test_grep ! "\"ok\":false" out &&
	echo $(($(cat before) + 1500)) >expect && drift rev-list --count HEAD >count && test_cmp expect count &&
	drift get m/1 >out && printf 1499 >expect && test_cmp_bin expect out
'

test_expect_success 'a commit of many documents' '
	i=0 && while test $i -lt 2000; do
		echo "{\"op\":\"put\",\"path\":\"n/$i\",\"json\":$i}" && i=$((i + 1)) || exit 1
	done >in && echo "{\"op\":\"commit\",\"message\":\"n\"}" >>in &&
	run <in && tail -n 1 out >line && test_grep "\"changed\":2000" line &&
	drift ls n/ --count >out && echo 2000 >expect && test_cmp expect out
'

test_expect_success 'keys in escapes, blank lines, a last line without its end' '
	printf "\n  \n{\"\\\\u006fp\":\"sync\"}\n{ \"op\" : \"sync\" }" | run &&
	printf "{\"ok\":true}\n{\"ok\":true}\n" >expect && test_cmp expect out
'

test_expect_success 'a document has one content' '
	printf "%s\n" "{\"op\":\"put\",\"path\":\"two/1\",\"json\":1,\"text\":\"a\"}" "{\"op\":\"put\",\"path\":\"two/1\",\"text\":\"a\",\"base64\":\"AP8=\"}" \
		"{\"op\":\"put\",\"path\":\"two/1\",\"json\":null,\"text\":\"a\"}" "{\"op\":\"abort\"}" | run &&
	test "$(grep -c "only one of" out)" = 2 && test "$(grep -c "\"ok\":true" out)" = 2
'

test_expect_success 'wrong usage, no repository' '
	test_expect_code 129 drift batch x </dev/null &&
	drift batch </dev/null >out && test_must_be_empty out &&
	test_expect_code 128 drift -C / batch </dev/null
'

test_done
